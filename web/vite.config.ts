import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.OPENWARD_DEV_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // The server writes each answer's own nonce here (server/http/static.ts).
  html: { cspNonce: "CSP-NONCE-OF-THIS-ANSWER" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // The page may only run scripts and load styles of its own: nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            { name: "mantine", test: /node_modules[\\/](@mantine|@floating-ui)[\\/]/ },
            { name: "signals", test: /packages[\\/]signals[\\/]/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      "/api": server,
      "/live": { target: server, ws: true },
    },
  },
});
