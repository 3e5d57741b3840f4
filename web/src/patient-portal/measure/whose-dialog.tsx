import { Button, Modal, Stack } from "@mantine/core";

export interface WhoseQuestion {
  readonly name: string;
  readonly isUsedByOthers: boolean;
  readonly answer: (whose: "mine" | "shared" | null) => void;
}

/** Whose the device is: what it has stored, and what others measure with it, is nobody else's to have. */
export function WhoseDialog({ question }: { readonly question: WhoseQuestion | null }) {
  if (question === null) return null;
  const { name, isUsedByOthers, answer } = question;
  return (
    <Modal opened onClose={() => answer(null)} title={`Who measures with ${name}?`}>
      {isUsedByOthers ? (
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            <b>Somebody else measures with this device too.</b> You can use it as well: you will be asked about each
            measurement whether it is yours, and what others measure does not go into your record.
          </p>
          <Button onClick={() => answer("shared")} data-autofocus>
            This is mine as well
          </Button>
          <Button variant="default" onClick={() => answer(null)}>
            Leave it
          </Button>
        </Stack>
      ) : (
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            What it measures goes into your record, and the ward sees it. It may have stored what was measured before.
          </p>
          <Button onClick={() => answer("mine")} data-autofocus>
            Only I
          </Button>
          <small>What is stored on it is taken too, up to a year back.</small>
          <Button variant="default" onClick={() => answer("shared")}>
            Others too
          </Button>
          <small>You will be asked about each measurement whether it is yours.</small>
        </Stack>
      )}
    </Modal>
  );
}
