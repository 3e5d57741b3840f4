import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import classes from "./copy-line.module.css";

/** Text to be copied word for word. */
export function CopyLine({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className={classes.block}>
      <span className={classes.label}>{label}</span>
      <div className={classes.line}>
        <code>{text}</code>
        <CopyButton value={text} timeout={2_000}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? "Copied" : "Copy"}>
              <ActionIcon variant="subtle" onClick={copy} aria-label={copied ? "Copied" : `Copy ${label}`}>
                {copied ? <IconCheck size={18} /> : <IconCopy size={18} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
    </div>
  );
}
