import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { LanguageProvider } from './i18n/language-context.tsx';
import './styles/base.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html must hold #root');
createRoot(root).render(
  <LanguageProvider>
    <App />
  </LanguageProvider>,
);
