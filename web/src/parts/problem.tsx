import { Alert } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { problemText } from "../app/api.ts";

/** Why what was asked for was not done. */
export function Problem({ error }: { readonly error: unknown }) {
  if (!error) return null;
  return (
    <Alert color="red" variant="light" icon={<IconAlertCircle size={20} />} role="alert">
      {problemText(error)}
    </Alert>
  );
}
