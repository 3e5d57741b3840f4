import { Button, Group, Stack } from "@mantine/core";
import type { ConsentBody, MeBody, SharedWithBody } from "@openward/api";
import { IconLock } from "@tabler/icons-react";
import { useState } from "react";
import { ApiProblem } from "../../app/api.ts";
import { useNow, useTitle } from "../../app/hooks.ts";
import { Card, Empty, Failed, Loading, Page } from "../../app/pages.tsx";
import { FeedsSection } from "../../feeds/feeds-section.tsx";
import { formatWhen } from "../../parts/format.ts";
import { Problem } from "../../parts/problem.tsx";
import { useMe } from "../use-me.ts";
import { BASIS } from "./choices.ts";
import { StatementForm } from "./statement-form.tsx";
import { useSharing, useStopSharing } from "./use-sharing.ts";

/** What a patient shares, with whom, and who sees them now. */
export function ConsentPage() {
  useTitle("Sharing");
  const me = useMe();
  const seen = me.data?.patients.filter(({ maySee }) => maySee) ?? [];
  return (
    <Page title="Sharing" narrow>
      {me.isPending ? (
        <Loading />
      ) : me.isError ? (
        <Failed error={me.error} retry={() => me.refetch()} />
      ) : seen.length === 0 ? (
        <Empty title="There is no record here that you could share" icon={<IconLock size={40} stroke={1.3} />} />
      ) : (
        seen.map((one) => <SharingOf key={one.patientId} one={one} />)
      )}
    </Page>
  );
}

function SharingOf({ one }: { readonly one: MeBody["patients"][number] }) {
  const sharing = useSharing(one.patientId);
  const [isSaying, setSaying] = useState(false);
  if (sharing.isPending) return <Loading what="Loading what is shared" />;
  if (sharing.isError) return <Failed error={sharing.error} retry={() => sharing.refetch()} />;
  const { mayDecide, consents, sees } = sharing.data;
  const holding = consents.filter(({ status }) => status === "active");
  return (
    <Stack gap="md">
      <Card padded label={`What ${one.name} shares`}>
        <h2 style={{ marginTop: 0 }}>{one.relation === "self" ? "What you say" : one.name}</h2>
        {holding.length === 0 && (
          <p>Whoever takes care of you here sees what is measured. For research nothing is shared.</p>
        )}
        {holding.map((consent) => (
          <Statement key={consent.id} consent={consent} one={one} mayDecide={mayDecide} />
        ))}
        {!mayDecide && <p>You do not decide about this record.</p>}
        {mayDecide &&
          (isSaying ? (
            <StatementForm sharing={sharing.data} onDone={() => setSaying(false)} />
          ) : (
            <Button fullWidth size="md" onClick={() => setSaying(true)}>
              Share, or keep something back
            </Button>
          ))}
      </Card>
      <FeedsSection
        whose={one.patientId}
        title={one.relation === "self" ? "Where my data goes" : `Where data of ${one.name} goes`}
        zone={one.timeZone}
      />
      <Card padded label="Who sees it now">
        <h2 style={{ marginTop: 0 }}>Who sees it now</h2>
        {sees.length === 0 && <p>Nobody.</p>}
        {sees.map((who, i) => (
          // Two grants of one person may say the same.
          // biome-ignore lint/suspicious/noArrayIndexKey: nothing else tells them apart, and they are made anew together
          <Sees key={i} who={who} zone={one.timeZone} />
        ))}
      </Card>
    </Stack>
  );
}

/** "does not share glucose with nurses" */
const asSaidByYou = (words: string): string =>
  `You ${words.replace(/^does not share/, "do not share").replace(/^shares/, "share")}`;

function Statement(props: {
  readonly consent: ConsentBody;
  readonly one: MeBody["patients"][number];
  readonly mayDecide: boolean;
}) {
  const { consent, one, mayDecide } = props;
  const stop = useStopSharing(one.patientId);
  const isUnwatched = stop.error instanceof ApiProblem && stop.error.code === "CONSENT_LEAVES_UNWATCHED";
  const now = useNow();
  const words = one.relation === "self" ? asSaidByYou(consent.words) : `${one.name} ${consent.words}`;
  return (
    <div
      style={{
        borderBottom: "1px solid var(--mantine-color-default-border)",
        paddingBottom: "0.7rem",
        marginBottom: "0.7rem",
      }}
    >
      <p style={{ margin: "0 0 0.3rem" }}>
        <b>{words}</b>
        {consent.isSilent && " (they are not told)"}
      </p>
      <Group justify="space-between">
        <small>
          Since {formatWhen(consent.from, now, one.timeZone)}
          {consent.to === null ? "" : `, until ${formatWhen(consent.to, now, one.timeZone)}`}
          {consent.saidAs === "self" ? "" : `, said by ${consent.saidBy}`}
        </small>
        {mayDecide && (
          <Button
            variant="default"
            loading={stop.isPending}
            aria-label={`Take back: ${consent.words}`}
            onClick={() => stop.mutate({ consentId: consent.id, confirm: isUnwatched })}
          >
            {isUnwatched ? "Take back all the same" : "Take back"}
          </Button>
        )}
      </Group>
      <Problem error={stop.error} />
    </div>
  );
}

function Sees({ who, zone }: { readonly who: SharedWithBody; readonly zone: string }) {
  const now = useNow();
  const name = who.display ?? `Every ${who.role ?? "person"}`;
  return (
    <p style={{ margin: "0.3rem 0" }}>
      <b>{name}</b>
      {who.display !== null && who.role !== null && ` (${who.role})`}: {BASIS[who.basis] ?? who.basis}
      {who.to === null ? "" : `, until ${formatWhen(who.to, now, zone)}`}
      {who.categories === null ? "" : `; ${who.categories.join(", ")} only`}
    </p>
  );
}
