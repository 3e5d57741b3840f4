import { Textarea } from "@mantine/core";
import { keysOf } from "./scopes.ts";

/** Public keys of an application: as they are, or where they are. */
export function KeysField({ value, onChange }: { readonly value: string; readonly onChange: (text: string) => void }) {
  return (
    <Textarea
      label="Its public keys"
      description="The address of its JSON Web Key Set, or the set itself. RSA of 2048 bits or more, or EC P-384."
      placeholder="https://app.example/jwks.json"
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
      error={keysOf(value) ? undefined : "Neither an address nor a key set"}
      autosize
      minRows={2}
      maxRows={8}
      required
    />
  );
}
