import { Button, Group, Modal, Stack, Table, Textarea } from "@mantine/core";
import type { AmendmentBody, PatientBody } from "@openward/api";
import { useState } from "react";
import { useMay, useNow } from "../../app/hooks.ts";
import { Card, Empty, Failed, Loading } from "../../app/pages.tsx";
import { formatWhen } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { Rows } from "../../parts/rows.tsx";
import { usePatients } from "../../patients/use-patients.ts";
import { useAmendments, useWithdraw } from "../use-chart.ts";
import { amendmentText } from "./amendment-text.ts";

/** Who amended what, when and why; what holds no more is struck through, and says who ended it. */
export function AmendmentList({ patient }: { readonly patient: PatientBody }) {
  const amendments = useAmendments(patient.id);
  const others = usePatients("", true).data ?? [];
  const mayAmend = useMay("clinical");
  const now = useNow();
  const [ending, setEnding] = useState<AmendmentBody | null>(null);
  const zone = patient.timeZone;
  const rows = amendments.data ?? [];
  const textOf = (each: AmendmentBody) => {
    const other = others.find(({ id }) => id === each.otherPatientId);
    return amendmentText(each, zone, other && `${other.name}, ${other.mrn}`);
  };
  if (amendments.isPending) return <Loading what="Loading amendments" />;
  if (amendments.isError && !amendments.data)
    return <Failed error={amendments.error} retry={() => amendments.refetch()} />;
  return (
    <Card>
      {rows.length === 0 ? (
        <Empty title="Nothing was amended" />
      ) : (
        <Rows
          minWidth={680}
          head={
            <>
              <Table.Th>When</Table.Th>
              <Table.Th>What</Table.Th>
              <Table.Th>By</Table.Th>
              <Table.Th>Why</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {rows.map((each) => (
            <Table.Tr key={each.id} data-amendment={each.id}>
              <Table.Td data-label="When" style={{ whiteSpace: "nowrap" }}>
                {formatWhen(each.at, now, zone)}
              </Table.Td>
              <Table.Td data-lead>{each.withdrawn ? <s>{textOf(each)}</s> : textOf(each)}</Table.Td>
              <Table.Td data-label="By">{each.by}</Table.Td>
              <Table.Td data-label="Why">
                {each.reason}
                {each.withdrawn && (
                  <div>
                    Withdrawn {formatWhen(each.withdrawn.at, now, zone)} by {each.withdrawn.by}: {each.withdrawn.reason}
                  </div>
                )}
              </Table.Td>
              <Table.Td data-do align="right">
                {mayAmend && !each.withdrawn && (
                  <Button
                    size="xs"
                    variant="default"
                    aria-label={`Withdraw: ${textOf(each)}`}
                    onClick={() => setEnding(each)}
                  >
                    Withdraw
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Rows>
      )}
      {ending && (
        <WithdrawDialog patient={patient} amendment={ending} text={textOf(ending)} onClose={() => setEnding(null)} />
      )}
    </Card>
  );
}

function WithdrawDialog({
  patient,
  amendment,
  text,
  onClose,
}: {
  readonly patient: PatientBody;
  readonly amendment: AmendmentBody;
  readonly text: string;
  readonly onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const withdraw = useWithdraw(patient.id);
  return (
    <Modal opened onClose={onClose} title="Withdraw an amendment">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim()) withdraw.mutate({ amendmentId: amendment.id, reason }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            <b>{patient.name}</b>: {text}. It counts again as it came; that it was amended stays in the record.
          </p>
          <Textarea
            label="Reason"
            value={reason}
            maxLength={500}
            data-autofocus
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Problem error={withdraw.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!reason.trim()} loading={withdraw.isPending}>
              Withdraw the amendment
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
