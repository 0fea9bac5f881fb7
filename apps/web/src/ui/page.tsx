import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { BackIcon } from './icons.tsx';
import { LanguageSwitch } from './language-switch.tsx';
import styles from './page.module.css';
import { Wordmark } from './wordmark.tsx';

/** Frame of the quiet screens: name and language on top, content below. */
export function Page({ children }: { readonly children: ReactNode }) {
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <Wordmark />
        <LanguageSwitch />
      </header>
      <main className={styles.main}>{children}</main>
    </div>
  );
}

/** The way back, above the heading. */
export function BackLink({ href, children }: { readonly href: string; readonly children: ReactNode }) {
  return (
    <p className={styles.back}>
      <a href={href}>
        <BackIcon /> {children}
      </a>
    </p>
  );
}

/** The heading of a screen; takes the focus when the screen appears, so that readers and keyboards start there. */
export function ScreenTitle({
  children,
  className,
}: {
  readonly children: ReactNode;
  readonly className?: string | undefined;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} className={className}>
      {children}
    </h1>
  );
}
