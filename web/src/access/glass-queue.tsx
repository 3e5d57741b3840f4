import { Button, Group, Modal, Radio, SegmentedControl, Stack, Table, Textarea } from "@mantine/core";
import type { GlassBrokenBody } from "@openward/api";
import { IconShieldCheck } from "@tabler/icons-react";
import { useState } from "react";
import { Section } from "../administration/section.tsx";
import { useNow, useSession } from "../app/hooks.ts";
import { Empty, Failed, Loading } from "../app/pages.tsx";
import { formatDuration, formatWhen } from "../parts/format.ts";
import { Problem } from "../parts/problem.tsx";
import { Rows } from "../parts/rows.tsx";
import { useGlassQueue, useReviewGlass } from "./use-break-glass.ts";
import { stateOf } from "./words.ts";

type Outcome = NonNullable<GlassBrokenBody["review"]>["outcome"];

const outcomeWord: Readonly<Record<Outcome, string>> = {
  justified: "It was right",
  "not-justified": "There was no emergency",
  unclear: "It cannot be said",
};

/** Who saw a patient in an emergency, and what came of it. */
export function GlassQueue({ zone }: { readonly zone: string }) {
  const [isReviewed, setReviewed] = useState(false);
  const queue = useGlassQueue(isReviewed);
  const [reviewing, setReviewing] = useState<GlassBrokenBody | null>(null);
  return (
    <Section
      title="Emergency access"
      action={
        <SegmentedControl
          size="xs"
          aria-label="Which"
          value={isReviewed ? "reviewed" : "waiting"}
          onChange={(value) => setReviewed(value === "reviewed")}
          data={[
            { value: "waiting", label: "To be looked at" },
            { value: "reviewed", label: "Looked at" },
          ]}
        />
      }
    >
      {queue.isPending ? (
        <Loading what="Loading emergency access" />
      ) : queue.isError && !queue.data ? (
        <Failed error={queue.error} retry={() => queue.refetch()} />
      ) : queue.data.length === 0 ? (
        <Empty
          title={isReviewed ? "None has been looked at yet" : "Nothing waits to be looked at"}
          icon={<IconShieldCheck size={40} stroke={1.3} />}
        />
      ) : (
        <Rows
          minWidth={760}
          head={
            <>
              <Table.Th>Who</Table.Th>
              <Table.Th>Patient</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th>Reason</Table.Th>
              <Table.Th>{isReviewed ? "Outcome" : "State"}</Table.Th>
              <Table.Th aria-label="Actions" />
            </>
          }
        >
          {queue.data.map((one) => (
            <Row key={one.grant.id} one={one} zone={zone} onReview={() => setReviewing(one)} />
          ))}
        </Rows>
      )}
      {reviewing && <ReviewDialog one={reviewing} zone={zone} onClose={() => setReviewing(null)} />}
    </Section>
  );
}

function Row(props: { readonly one: GlassBrokenBody; readonly zone: string; readonly onReview: () => void }) {
  const { grant, mrn, review } = props.one;
  const now = useNow();
  const me = useSession().principal.id;
  const isOwn = grant.grantee.kind === "person" && grant.grantee.id === me;
  const isRunning = stateOf(grant, now) === "running";
  return (
    <Table.Tr>
      <Table.Td data-lead>
        <b>{grant.display}</b>
      </Table.Td>
      <Table.Td data-label="Patient">{mrn}</Table.Td>
      <Table.Td data-label="When" style={{ whiteSpace: "nowrap" }}>
        {formatWhen(grant.createdAt, now, props.zone)}
        <br />
        <small>{formatDuration(now - grant.createdAt)} ago</small>
      </Table.Td>
      <Table.Td data-label="Reason" style={{ overflowWrap: "anywhere" }}>
        {grant.reason}
      </Table.Td>
      <Table.Td data-label={review ? "Outcome" : "State"}>
        {review ? (
          <>
            <b>{outcomeWord[review.outcome]}</b>
            {review.note && `: ${review.note}`}
            <br />
            <small>
              {review.by}, {formatWhen(review.at, now, props.zone)}
            </small>
          </>
        ) : isRunning && grant.to !== null ? (
          `runs until ${formatWhen(grant.to, now, props.zone)}`
        ) : (
          "over"
        )}
      </Table.Td>
      <Table.Td data-do align="right">
        {!review &&
          (isOwn ? (
            <small>somebody else looks at it</small>
          ) : (
            <Button size="xs" onClick={props.onReview} aria-label={`Look at the emergency of ${grant.display}, ${mrn}`}>
              Look at it
            </Button>
          ))}
      </Table.Td>
    </Table.Tr>
  );
}

function ReviewDialog(props: { readonly one: GlassBrokenBody; readonly zone: string; readonly onClose: () => void }) {
  const { one, zone, onClose } = props;
  const now = useNow();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [note, setNote] = useState("");
  const review = useReviewGlass(one.grant.id);
  return (
    <Modal opened onClose={onClose} title="What came of this emergency?" size="lg">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!outcome) return;
          const words = note.trim();
          review.mutate({ outcome, ...(words === "" ? {} : { note: words }) }, { onSuccess: onClose });
        }}
      >
        <Stack gap="sm">
          <p style={{ margin: 0 }}>
            <b>{one.grant.display}</b> saw the patient with record number <b>{one.mrn}</b>,{" "}
            {formatWhen(one.grant.createdAt, now, zone)}: “{one.grant.reason}”
          </p>
          <Radio.Group label="Outcome" value={outcome} onChange={(value) => setOutcome(value as Outcome)} required>
            <Stack gap={6} mt={6}>
              {(Object.keys(outcomeWord) as Outcome[]).map((value) => (
                <Radio key={value} value={value} label={outcomeWord[value]} />
              ))}
            </Stack>
          </Radio.Group>
          {outcome === "not-justified" && stateOf(one.grant, now) === "running" && (
            <p style={{ margin: 0 }}>It ends at once: {one.grant.display} no longer sees the patient by it.</p>
          )}
          <Textarea
            label="Note"
            value={note}
            onChange={(e) => setNote(e.currentTarget.value)}
            maxLength={500}
            autosize
            minRows={2}
          />
          <p style={{ margin: 0 }}>
            <small>This is said once and cannot be changed.</small>
          </p>
          <Problem error={review.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!outcome} loading={review.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
