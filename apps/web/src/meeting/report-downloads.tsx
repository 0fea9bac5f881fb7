import { useState } from 'react';
import { getReportFile, renderAgain } from '../api/meeting-client.ts';
import type { ShownFormat, ShownReportStatus } from '../api/meeting-schemas.ts';
import { useLanguage } from '../i18n/language-context.tsx';
import { Button } from '../ui/button.tsx';
import { DownloadIcon } from '../ui/icons.tsx';
import { Notice } from '../ui/notice.tsx';
import { saveFile } from '../ui/save-file.ts';
import styles from './report-screen.module.css';

interface ReportDownloadsProps {
  readonly status: ShownReportStatus;
  readonly title: string;
  readonly reload: () => void;
}

/** What people ask for most, first. */
const order: readonly ShownFormat[] = ['pdf', 'docx', 'html', 'md', 'srt', 'vtt', 'json'];

/** The minutes as files. */
export function ReportDownloads({ status, title, reload }: ReportDownloadsProps) {
  const { t } = useLanguage();
  const { session_id: sessionId, formats, failed_formats: unmade } = status;
  const [failed, setFailed] = useState(false);
  const download = async (format: ShownFormat) => {
    setFailed(false);
    saveFile(await getReportFile(sessionId, format), `${fileName(title) || sessionId}.${format}`);
  };
  const makeAgain = async () => {
    setFailed(false);
    await Promise.all(unmade.map((format) => renderAgain(sessionId, format)));
    reload();
  };
  return (
    <section className={styles.panel}>
      <h2 className={styles.subtitle}>{t('report.downloads')}</h2>
      <div className={styles.formats}>
        {order
          .filter((format) => formats.includes(format))
          .map((format) => (
            <Button
              key={format}
              onClick={() => {
                download(format).catch(() => setFailed(true));
              }}
            >
              <DownloadIcon />
              {t(`report.format.${format}`)}
            </Button>
          ))}
      </div>
      {unmade.length === 0 ? null : (
        <Notice
          tone="alert"
          action={<Button onClick={() => void makeAgain().catch(() => setFailed(true))}>{t('app.retry')}</Button>}
        >
          {t('report.unmade', { formats: unmade.map((format) => t(`report.format.${format}`)).join(', ') })}
        </Notice>
      )}
      {failed ? <Notice tone="alert">{t('problem.download')}</Notice> : null}
    </section>
  );
}

/** A title without what file systems refuse. */
const fileName = (title: string) => title.replaceAll(/[\s/\\:*?"<>|]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
