import { Alert, Button, Group, Stack } from "@mantine/core";
import type { PatientBody } from "@openward/api";
import { IconUsers } from "@tabler/icons-react";
import { formatBirthDate, sexWord } from "../parts/format.ts";
import classes from "./similar.module.css";

export interface SimilarProps {
  /** The one that is being entered. */
  readonly entered: {
    readonly name: string;
    readonly birthDate: string | null;
    readonly sex: PatientBody["sex"];
    readonly mrn: string;
  };
  readonly similar: readonly PatientBody[];
  readonly isPending: boolean;
  readonly onBack: () => void;
  readonly onContinue: () => void;
  readonly onUse?: (patient: PatientBody) => void;
}

/** The new patient beside those of the same or a similar name: a person decides whether they are the same. */
export function Similar({ entered, similar, isPending, onBack, onContinue, onUse }: SimilarProps) {
  return (
    <Stack>
      <Alert
        icon={<IconUsers size={20} />}
        color="gray"
        variant="outline"
        title="A patient with the same or a similar name is here already"
        role="alert"
      >
        Compare birth date and record number. Is it the same person?
      </Alert>
      <div className={classes.scroll}>
        <table className={classes.compare}>
          <thead>
            <tr>
              <td />
              <th scope="col">You entered</th>
              {similar.map((p, i) => (
                <th key={p.id} scope="col">
                  {similar.length > 1 ? `Known ${i + 1}` : "Known"}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Row label="Name" entered={entered.name} known={similar.map((p) => p.name)} />
            <Row
              label="Birth date"
              entered={formatBirthDate(entered.birthDate)}
              known={similar.map((p) => formatBirthDate(p.birthDate))}
              isKnown={[entered.birthDate !== null, ...similar.map((p) => p.birthDate !== null)]}
            />
            <Row label="Record number" entered={entered.mrn} known={similar.map((p) => p.mrn)} />
            <Row
              label="Sex"
              entered={sexWord[entered.sex]}
              known={similar.map((p) => sexWord[p.sex])}
              isKnown={[entered, ...similar].map((p) => p.sex !== "unknown")}
            />
            <Row
              label="Where"
              entered="new"
              known={similar.map((p) => (p.stay ? `${p.stay.wardName}, bed ${p.stay.bed}` : "not admitted"))}
              plain
            />
            {onUse && (
              <tr>
                <td />
                <td />
                {similar.map((p) => (
                  <td key={p.id}>
                    <Button size="xs" variant="light" onClick={() => onUse(p)} aria-label={`It is ${p.name}, ${p.mrn}`}>
                      It is this one
                    </Button>
                  </td>
                ))}
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <Group justify="space-between">
        <Button variant="default" onClick={onBack}>
          Back
        </Button>
        <Button loading={isPending} onClick={onContinue}>
          It is somebody else: continue
        </Button>
      </Group>
    </Stack>
  );
}

function Row(props: {
  readonly label: string;
  readonly entered: string;
  readonly known: readonly string[];
  /** Of the entered one first; left out: all are known. What is not known neither agrees nor differs. */
  readonly isKnown?: readonly boolean[];
  readonly plain?: boolean;
}) {
  const { label, entered, known, isKnown, plain = false } = props;
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{entered}</td>
      {known.map((value, i) => {
        const verdict = compare(entered, value, isKnown === undefined || (isKnown[0] && isKnown[i + 1]) === true);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: columns keep their place
          <td key={i} data-differs={(!plain && verdict === "differs") || undefined}>
            {value}
            {!plain && <small>{verdict}</small>}
          </td>
        );
      })}
    </tr>
  );
}

function compare(entered: string, value: string, areKnown: boolean): "same" | "differs" | "not known" {
  if (!areKnown) return "not known";
  return value === entered ? "same" : "differs";
}
