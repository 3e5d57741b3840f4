import { Alert, Button, Modal, Stack } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { hasNfc, listenToTags } from "./nfc.ts";
import classes from "./scan.module.css";
import { openSymbolReader } from "./symbols.ts";

export interface ScanDialogProps {
  readonly title: string;
  /** @returns why it is not the right one; undefined: taken */
  readonly onText: (text: string) => string | undefined;
  readonly onClose: () => void;
}

const LOOK_MS = 150;
/** A symbol of a label is read well at that; more costs time. */
const WIDTH_MAX = 960;

const cameraText = (error: unknown): string => {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError")
    return "The browser does not let this page use the camera. Allow it, or type what stands there.";
  if (name === "NotFoundError" || name === "TypeError") return "There is no camera here. Type what stands there.";
  return "The camera could not be opened. Type what stands there.";
};

/** The camera looks for a symbol, and an NFC tag is heard where the browser can; typing goes on beside it. */
export function ScanDialog({ title, onText, onClose }: ScanDialogProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const taken = useRef(onText);
  taken.current = onText;

  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const take = (text: string) => {
      const fault = taken.current(text.trim());
      if (fault !== undefined && !signal.aborted) setProblem(fault);
    };
    let stream: MediaStream | undefined;
    const end = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    async function look(): Promise<void> {
      const camera = { facingMode: "environment", width: { ideal: 1280 } };
      stream = await navigator.mediaDevices.getUserMedia({ video: camera, audio: false });
      const seen = video.current;
      if (signal.aborted || !seen) return end();
      seen.srcObject = stream;
      await seen.play();
      const reader = await openSymbolReader(window);
      const frame = document.createElement("canvas");
      while (!signal.aborted) {
        if (seen.videoWidth > 0) {
          const scale = Math.min(1, WIDTH_MAX / seen.videoWidth);
          frame.width = Math.round(seen.videoWidth * scale);
          frame.height = Math.round(seen.videoHeight * scale);
          frame.getContext("2d", { willReadFrequently: true })?.drawImage(seen, 0, 0, frame.width, frame.height);
          const text = await reader.read(frame);
          if (text !== undefined && !signal.aborted) take(text);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    }
    look().catch((error: unknown) => {
      end();
      if (!signal.aborted) setProblem(cameraText(error));
    });
    // Without a tag, without leave, or without NFC: the camera is there.
    listenToTags(window, signal, take).catch(() => {});
    return () => {
      ending.abort();
      end();
    };
  }, []);

  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack gap="sm">
        <video ref={video} className={classes.video} muted playsInline aria-label="What the camera sees" />
        <p style={{ margin: 0 }}>
          Hold the label before the camera{hasNfc(window) && ", or the telephone to its NFC tag"}.
        </p>
        {problem !== null && (
          <Alert color="orange" variant="light" role="alert">
            {problem}
          </Alert>
        )}
        <Button variant="default" onClick={onClose}>
          Type it instead
        </Button>
      </Stack>
    </Modal>
  );
}
