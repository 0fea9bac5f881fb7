import type { ComponentProps } from 'react';
import styles from './button.module.css';

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: 'primary' | 'plain' | 'quiet';
}

/** A button that is never the submit of a form by accident. */
export function Button({ look = 'plain', className, type = 'button', ...rest }: ButtonProps) {
  const classes = [styles.button, styles[look], className].filter(Boolean).join(' ');
  return <button {...rest} type={type} className={classes} />;
}
