import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Built once, served by api-backend at `/`; `npm run dev` forwards the API to a stack started by `npm start`. */
export default defineConfig({
  plugins: [react()],
  // Grid areas are named in one module and taken in others.
  css: { transformer: 'lightningcss', lightningcss: { cssModules: { grid: false } } },
  build: { target: 'es2022', manifest: true, sourcemap: false, modulePreload: { polyfill: false } },
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
});
