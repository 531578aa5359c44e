import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/explorer/',
  plugins: [react()],
  build: {
    outDir: '../server/static/explorer',
    emptyOutDir: true,
    // What we bundle is passed on, and its licences ask to be passed on with it.
    license: { fileName: 'LICENSES.md' },
    // Monaco, the editor inside GraphiQL, is one piece of about this size and loads only on this page.
    chunkSizeWarningLimit: 4096,
    // Hints for the React compiler, which runs in no build of ours, lie in GraphiQL's files.
    rolldownOptions: { input: 'explorer.html', checks: { moduleLevelDirective: false } },
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8000', ws: true } } },
});
