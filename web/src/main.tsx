import "./app/trusted-types.ts";
import "@mantine/core/styles.css";
import "./app/theme.css";
import "./app/mantine-overrides.css";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { alignFlashes } from "./app/flash.ts";

alignFlashes(document);
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(<App />);
