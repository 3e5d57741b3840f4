import { Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import type { AlarmBody } from "@openward/api";
import { IconBackspace, IconFingerprint } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { authenticatorText, useAbout } from "../account/use-account.ts";
import { refusalText } from "../alarms/refused-answer.ts";
import { alarmText, answerWord } from "../alarms/text.ts";
import { ApiProblem } from "../app/api.ts";
import { monitor } from "../app/monitor.ts";
import { Problem } from "../parts/problem.tsx";
import classes from "./kiosk.module.css";
import { showPasskey, useAnswer } from "./use-kiosk.ts";

/** Nobody came back to it: the wall is for all. */
const LEFT_ALONE_MS = 45_000;

interface WhoProps {
  readonly alarm: AlarmBody;
  /** A badge alone is enough. */
  readonly takesBadges: boolean;
  readonly onClose: () => void;
}

/** Who answers: a badge that is scanned or typed, a PIN on a pad for gloves, or a passkey. The alarm goes on until then. */
export function WhoDialog({ alarm, takesBadges, onClose }: WhoProps) {
  const [who, setWho] = useState("");
  const [pin, setPin] = useState("");
  const [field, setField] = useState<"who" | "pin">("who");
  const pinInput = useRef<HTMLInputElement>(null);
  const answer = useAnswer(alarm);
  const passkeysAt = useAbout().data?.passkeysAt ?? null;
  const hasPasskeys = passkeysAt === location.origin;
  const byPasskey = useMutation({
    mutationFn: async () => answer.mutateAsync(await showPasskey()),
    onSuccess: onClose,
  });
  useLeftAlone(`${who} ${pin} ${answer.submittedAt}`, onClose);

  const patient = monitor.ward.state().tiles.get(alarm.patientId)?.patient;
  const send = () => {
    // A scanner types the number and Enter; what is wanted besides comes next.
    if (who.trim() === "" || (pin === "" && !takesBadges)) return pinInput.current?.focus();
    answer.mutate(
      { who: who.trim(), ...(pin === "" ? {} : { pin }) },
      { onSuccess: onClose, onError: () => setPin("") },
    );
  };
  const press = (digit: string) =>
    field === "pin" ? setPin((old) => (old + digit).slice(0, 12)) : setWho((old) => old + digit);
  const erase = () => (field === "pin" ? setPin((old) => old.slice(0, -1)) : setWho((old) => old.slice(0, -1)));
  const error = byPasskey.error ?? answer.error;

  return (
    <Modal opened onClose={onClose} title="Who are you?" size="xl" centered closeOnClickOutside={false}>
      <p className={classes.asked} data-priority={alarm.priority}>
        <b>Bed {patient?.stay?.bed ?? "–"}</b> {alarmText(alarm, patient?.timeZone ?? "UTC")}
      </p>
      <form
        className={classes.who}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div className={classes.fields}>
          <TextInput
            label="Badge number or sign-in name"
            description={takesBadges ? "Scan your badge" : "Scan your badge, then type your PIN"}
            size="lg"
            autoComplete="off"
            spellCheck={false}
            value={who}
            onFocus={() => setField("who")}
            onChange={(event) => setWho(event.currentTarget.value)}
            data-autofocus
          />
          <PasswordInput
            ref={pinInput}
            label="PIN"
            size="lg"
            autoComplete="off"
            inputMode="numeric"
            maxLength={12}
            value={pin}
            onFocus={() => setField("pin")}
            onChange={(event) => setPin(event.currentTarget.value.replaceAll(/\D/g, ""))}
          />
          <Refused error={error} />
          <Button type="submit" size="xl" color="teal" loading={answer.isPending && !byPasskey.isPending}>
            {answerWord(alarm)}
          </Button>
          {hasPasskeys && (
            <Button
              size="xl"
              variant="default"
              leftSection={<IconFingerprint size={26} />}
              loading={byPasskey.isPending}
              onClick={() => byPasskey.mutate()}
            >
              Use a passkey
            </Button>
          )}
        </div>
        <fieldset className={classes.pad} aria-label="Digits">
          {["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0"].map((digit) =>
            digit === "" ? (
              <span key="gap" />
            ) : (
              <button key={digit} type="button" tabIndex={-1} onClick={() => press(digit)}>
                {digit}
              </button>
            ),
          )}
          <button type="button" tabIndex={-1} aria-label="Erase" onClick={erase}>
            <IconBackspace size={28} aria-hidden />
          </button>
        </fieldset>
      </form>
    </Modal>
  );
}

function Refused({ error }: { readonly error: unknown }) {
  const authenticator = authenticatorText(error);
  if (!error) return null;
  if (authenticator) return <Problem error={new ApiProblem(0, { detail: authenticator })} />;
  if (error instanceof ApiProblem && (error.status === 409 || error.status === 404))
    return <Problem error={new ApiProblem(error.status, { detail: refusalText(error) })} />;
  return <Problem error={error} />;
}

/** Closes what nobody has touched for a while: what was typed is not left for the next one. */
function useLeftAlone(touched: string, leave: () => void): void {
  const latest = useRef(leave);
  latest.current = leave;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each touch begins the time anew
  useEffect(() => {
    const timer = setTimeout(() => latest.current(), LEFT_ALONE_MS);
    return () => clearTimeout(timer);
  }, [touched]);
}
