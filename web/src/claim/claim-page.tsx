import { Alert, Button, Stack, TextInput } from "@mantine/core";
import { IconQrcode, IconScan } from "@tabler/icons-react";
import { useState } from "react";
import { ApiProblem } from "../app/api.ts";
import { useTitle } from "../app/hooks.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { Problem } from "../parts/problem.tsx";
import { ScanDialog } from "../parts/scan/scan-dialog.tsx";
import classes from "../sign-in/sign-in.module.css";
import { claimCodeIn } from "./claim-code.ts";

/** The code out of the label's address, which then stands in no address any more. */
function codeInAddress(): string {
  const code = claimCodeIn(location.hash.slice(1)) ?? "";
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
  return code;
}

/** What the device signs in with from now on; the server tells it once. */
interface Claimed {
  readonly id: string;
  readonly token: string;
}

async function claim(code: string): Promise<Claimed> {
  const body = JSON.stringify({ code });
  const headers = { "content-type": "application/json", accept: "application/json" };
  const answer = await fetch("/ingest/claim", { method: "POST", credentials: "omit", headers, body }).catch(
    (cause: unknown) => {
      throw new ApiProblem(
        0,
        { detail: "The server does not answer. Whether the code was used is not known." },
        { cause },
      );
    },
  );
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiProblem(answer.status, said);
  return said as Claimed;
}

/**
 * Where the QR code or the NFC tag of a claim label leads a telephone. A device that reads the label itself needs nothing of this; one that
 * takes an id and a token by hand, or an app on this telephone, gets them here, once.
 */
export function ClaimPage() {
  useTitle("Connect a device");
  const [code, setCode] = useState(codeInAddress);
  const [isScanning, setScanning] = useState(false);
  const [isPending, setPending] = useState(false);
  const [claimed, setClaimed] = useState<Claimed | null>(null);
  const [error, setError] = useState<unknown>(null);
  const wanted = claimCodeIn(code);

  async function take(): Promise<void> {
    if (wanted === undefined) return;
    setPending(true);
    setError(null);
    await claim(wanted).then(setClaimed, setError);
    setPending(false);
  }

  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <h1>Connect a device</h1>
        {claimed ? (
          <Stack gap="sm">
            <Alert variant="light" icon={<IconQrcode size={20} />} title="This is shown once">
              Give both to the device or app that is to send. What it signed in with before has ended.
            </Alert>
            <CopyLine label="Address" text={location.origin} />
            <CopyLine label="Device id" text={claimed.id} />
            <CopyLine label="Token" text={claimed.token} />
          </Stack>
        ) : (
          <form
            onSubmit={(e) => {
              e.preventDefault();
              void take();
            }}
          >
            <Stack gap="sm">
              <p style={{ margin: 0 }}>
                Can the device read the label itself, let it do so: the code works once. Else take here what it signs in
                with.
              </p>
              <TextInput
                label="Code on the label"
                value={code}
                onChange={(e) => setCode(e.currentTarget.value)}
                autoCapitalize="none"
                autoComplete="off"
                maxLength={64}
              />
              <Button variant="default" leftSection={<IconScan size={20} />} onClick={() => setScanning(true)}>
                Scan the label
              </Button>
              <Problem error={error} />
              <Button type="submit" disabled={wanted === undefined} loading={isPending}>
                Use the code
              </Button>
            </Stack>
          </form>
        )}
        {isScanning && (
          <ScanDialog
            title="Scan the label"
            onText={(text) => {
              const found = claimCodeIn(text);
              if (found === undefined) return "This is not the label of a device that waits to be connected.";
              setCode(found);
              setScanning(false);
              return undefined;
            }}
            onClose={() => setScanning(false)}
          />
        )}
      </div>
    </main>
  );
}
