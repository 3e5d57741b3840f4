import { Alert, Button, Checkbox, Group, SegmentedControl, Select, Stack } from "@mantine/core";
import type { SharingBody } from "@openward/api";
import { type FormEvent, useState } from "react";
import { ApiProblem, type Body } from "../../app/api.ts";
import { useNow } from "../../app/hooks.ts";
import { Problem } from "../../parts/problem.tsx";
import { actorOf, type Decision, type Purpose, SPANS, whomToChoose } from "./choices.ts";
import { useShare } from "./use-sharing.ts";

/** One sentence: share these with them, for this, until then; or do not. */
export function StatementForm({ sharing, onDone }: { readonly sharing: SharingBody; readonly onDone: () => void }) {
  const [decision, setDecision] = useState<Decision>("deny");
  const [kinds, setKinds] = useState<string[]>([]);
  const [purpose, setPurpose] = useState<Purpose>("any");
  const [whom, setWhom] = useState<string | null>(null);
  const [span, setSpan] = useState("");
  const [isSilent, setSilent] = useState(false);
  const share = useShare(sharing.patientId);
  const now = useNow();
  const choices = whomToChoose(sharing, decision, purpose);
  const isChosen = choices.some(({ value }) => value === whom);
  const isUnwatched = share.error instanceof ApiProblem && share.error.code === "CONSENT_LEAVES_UNWATCHED";
  const canBeChosen = (isSafety: boolean) => decision === "permit" || purpose === "research" || !isSafety;
  const chosen = sharing.categories.filter(({ key, isSafety }) => kinds.includes(key) && canBeChosen(isSafety));

  function say(confirm: boolean) {
    if (whom === null || !isChosen || chosen.length === 0) return;
    const body: Body<"share"> = {
      decision,
      categories: chosen.map(({ key }) => key),
      purpose: purpose === "any" ? null : purpose,
      actors: [actorOf(whom)],
      to: span === "" ? null : now + Number(span),
      isSilent: decision === "deny" && isSilent,
      confirm,
    };
    share.mutate(body, { onSuccess: onDone });
  }

  return (
    <form
      aria-label="What you share"
      onSubmit={(e: FormEvent) => {
        e.preventDefault();
        say(false);
      }}
    >
      <Stack gap="md">
        <SegmentedControl
          aria-label="Share or not"
          fullWidth
          data={[
            { value: "deny", label: "Do not share" },
            { value: "permit", label: "Share" },
          ]}
          value={decision}
          onChange={(value) => {
            setDecision(value as Decision);
            setPurpose(value === "permit" ? "care" : "any");
            share.reset();
          }}
        />
        <Checkbox.Group
          label="What"
          value={chosen.map(({ key }) => key)}
          onChange={(keys) => {
            setKinds(keys);
            share.reset();
          }}
        >
          <Stack gap="xs" mt="xs">
            {sharing.categories
              .filter(({ isSafety }) => canBeChosen(isSafety))
              .map(({ key, display, words }) => (
                <Checkbox key={key} value={key} size="md" label={display} description={words} />
              ))}
          </Stack>
        </Checkbox.Group>
        <div>
          <div id="what-for">What for</div>
          <SegmentedControl
            aria-labelledby="what-for"
            fullWidth
            data={[
              ...(decision === "deny" ? [{ value: "any", label: "Anything" }] : []),
              { value: "care", label: "Care" },
              { value: "research", label: "Research" },
            ]}
            value={purpose}
            onChange={(value) => {
              setPurpose(value as Purpose);
              share.reset();
            }}
          />
        </div>
        <Select
          label="With whom"
          placeholder="Choose"
          size="md"
          data={choices}
          value={isChosen ? whom : null}
          onChange={(value) => {
            setWhom(value);
            share.reset();
          }}
        />
        <Select
          label="How long"
          size="md"
          data={SPANS}
          value={span}
          onChange={(value) => setSpan(value ?? "")}
          allowDeselect={false}
        />
        {decision === "deny" && (
          <Checkbox
            size="md"
            label="Keep this to myself"
            description="They are not told that something is hidden. Telling them is safer."
            checked={isSilent}
            onChange={(e) => setSilent(e.currentTarget.checked)}
          />
        )}
        {isUnwatched ? (
          <Alert color="orange" variant="light" title="Nobody would watch this any more" role="alert">
            <p style={{ marginTop: 0 }}>
              An alarm about these values would reach nobody who takes care of you. The ward is told that nobody watches
              them. In an emergency somebody can see them all the same, and has to say why.
            </p>
            <Button color="orange" loading={share.isPending} onClick={() => say(true)}>
              Do not share all the same
            </Button>
          </Alert>
        ) : (
          <Problem error={share.error} />
        )}
        <Group grow>
          <Button variant="default" size="md" onClick={onDone}>
            Cancel
          </Button>
          <Button
            type="submit"
            size="md"
            loading={share.isPending}
            disabled={!isChosen || chosen.length === 0 || isUnwatched}
          >
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
