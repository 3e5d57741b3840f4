import { TextInput } from "@mantine/core";
import type { GrantBody } from "@openward/api";
import { useState } from "react";
import { Confirm } from "../parts/confirm.tsx";
import { useEndGrant } from "./use-grants.ts";
import { granteeText, purposeWord } from "./words.ts";

/** Says what ending does before it is done. */
export function EndGrant(props: { readonly grant: GrantBody; readonly whom: string; readonly onClose: () => void }) {
  const { grant, whom, onClose } = props;
  const [reason, setReason] = useState("");
  const end = useEndGrant();
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title="End this permission"
      action="End it"
      isDangerous
      isPending={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate({ id: grant.id, reason: reason.trim() }, { onSuccess: onClose })}
    >
      <p style={{ marginTop: 0 }}>
        <b>{granteeText(grant)}</b> may no longer see {whom} for this purpose (
        {purposeWord[grant.purpose].toLowerCase()}
        ). It is gone from open screens within a second, unless another permission shows the same.
      </p>
      {grant.purpose === "monitoring" && (
        <p>Where nobody else watches, the patient is told of as watched by nobody, here and on the ward.</p>
      )}
      <TextInput
        label="Reason"
        value={reason}
        onChange={(e) => setReason(e.currentTarget.value)}
        maxLength={500}
        data-autofocus
      />
    </Confirm>
  );
}
