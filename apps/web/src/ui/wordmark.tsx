import styles from './wordmark.module.css';

/** The name, its acute accent drawn as a stroke of voice. */
export function Wordmark() {
  return (
    <a className={styles.wordmark} href="#/" aria-label="Eloquence">
      <span className={styles.letter} aria-hidden="true">
        e
      </span>
      <span aria-hidden="true">loquence</span>
    </a>
  );
}
