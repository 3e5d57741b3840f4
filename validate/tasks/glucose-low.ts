import { median } from "@openward/physiology/statistics";
import { forecastEverybody, type PersonScore } from "../glucose/forecasts.ts";
import { intervalBy } from "../interval.ts";
import { percentRow } from "../percent.ts";
import type { Row, Task } from "../task.ts";

const SENSITIVITY = 0.85;
const FALSE_A_DAY = 1;

export const glucoseLow: Task = {
  id: "glucose-low",
  title: "Predicted low: below 70 mg/dL within 30 minutes",
  needs: ["cgm"],
  published: null,
  async run(dir) {
    const people = await forecastEverybody(dir);
    const studies = [...new Set(people.map(({ study }) => study))];
    const groups: readonly (readonly [string, readonly PersonScore[]])[] = [
      ["all studies", people],
      ...studies.map((study) => [study, people.filter((one) => one.study === study)] as const),
    ];
    const unforeseeable = people.reduce((sum, { lows }) => sum + lows.unforeseeable, 0);
    return {
      rows: groups.flatMap(([name, own]) => rowsOf(name, own)),
      notes: [
        "A low: below 70 mg/dL for at least 15 minutes, after at least 15 minutes that were not. It is announced when an alert came in the 45 minutes before it began; an alert is false when glucose does not fall below 70 within 45 minutes. An alert is given with a glucose of 70 or more alone, and not again for 30 minutes.",
        `${unforeseeable} lows begin within 45 minutes of a gap or of the beginning of a recording, without any forecast before them; they are left out.`,
        "The chance from which on it is raised was chosen on these recordings as a whole; forecasts are of persons not seen.",
      ],
      records: {
        head: ["person", "lows", "announced", "alerts", "false", "days", "median lead, min"],
        lines: people.map(({ group, lows }) => [
          group,
          ...[lows.events, lows.announced, lows.alerts, lows.falseAlerts].map(String),
          lows.days.toFixed(1),
          median(lows.leads).toFixed(0),
        ]),
      },
    };
  },
};

function rowsOf(name: string, people: readonly PersonScore[]): Row[] {
  const sum = (of: (one: PersonScore["lows"]) => number) => (drawn: readonly PersonScore[]) =>
    drawn.reduce((all, { lows }) => all + of(lows), 0);
  const events = sum(({ events }) => events);
  if (events(people) === 0) return [];
  const announced = sum(({ announced }) => announced);
  const aDay = (drawn: readonly PersonScore[]) =>
    sum(({ falseAlerts }) => falseAlerts)(drawn) / sum(({ days }) => days)(drawn);
  const range = intervalBy(people, aDay);
  const leads = people.flatMap(({ lows }) => lows.leads);
  return [
    percentRow(
      `${name}: lows announced, of ${events(people)}`,
      people,
      (drawn) => announced(drawn) / events(drawn),
      SENSITIVITY,
    ),
    {
      measure: `${name}: false alerts a day`,
      ours: aDay(people).toFixed(2),
      interval: range && [range[0].toFixed(2), range[1].toFixed(2)],
      target: `<= ${FALSE_A_DAY}`,
      isReached: aDay(people) <= FALSE_A_DAY,
    },
    {
      measure: `${name}: false alerts a day, counting those before a dip of less than 15 minutes`,
      ours: (sum(({ noLowAfter }) => noLowAfter)(people) / sum(({ days }) => days)(people)).toFixed(2),
      interval: null,
      target: null,
      isReached: null,
    },
    {
      measure: `${name}: lead, median, minutes`,
      ours: median(leads).toFixed(0),
      interval: null,
      target: null,
      isReached: null,
    },
  ];
}
