import { type ForecastScore, forecastEverybody, type PersonScore } from "../glucose/forecasts.ts";
import { intervalBy } from "../interval.ts";
import type { Row, Task } from "../task.ts";

/** Below persistence. */
const LESS = 0.25;
const COVERAGE = [0.93, 0.97] as const;
type Method = keyof ForecastScore["squares"];

export const glucoseForecast: Task = {
  id: "glucose-forecast",
  title: "Glucose in 30 and 60 minutes, by study",
  needs: ["cgm"],
  published: "Glucose forecast, 30 minutes",
  async run(dir) {
    const people = await forecastEverybody(dir);
    const studies = [...new Set(people.map(({ study }) => study))];
    const rows = ([30, 60] as const).flatMap((ahead) =>
      studies.flatMap((study) =>
        rowsOf(
          people.filter((one) => one.study === study),
          study,
          ahead,
        ),
      ),
    );
    return {
      rows,
      notes: [
        "Persons not seen: each is forecast by the model of the fold that was trained without them, made theirs by what came before in their own recording. Each reading with a value 15 minutes before it and a number within 3 minutes of the outcome's time is scored, the first hour of a recording too.",
        "Persistence: glucose stays. Autoregressive: least squares on the last hour in steps of five minutes, the level and a constant, fitted for each study on all its other persons (so it knows the sensor). Rule: the slope goes on and the level comes back, made personal in the same way, without a model.",
        "An interval is to hold 95 of 100 outcomes. Readings of two sensors at once (within three minutes, more than 30 mg/dL apart) are two courses, as devices are two streams.",
        ...notesOf(people, studies),
      ],
      records: {
        head: [
          "person",
          "scored",
          "ours, 30 min",
          "model alone",
          "rule",
          "autoregressive",
          "persistence",
          "inside",
          "ours, 60 min",
        ],
        lines: people.map(({ group, scores }) => {
          const told = (["ours", "model alone", "rule", "autoregressive", "persistence"] as const).map((method) =>
            rmse(method, 30)([{ scores }]).toFixed(2),
          );
          const inside = `${((100 * scores[30].covered) / scores[30].scored).toFixed(1)} %`;
          return [group, String(scores[30].scored), ...told, inside, rmse("ours", 60)([{ scores }]).toFixed(2)];
        }),
      },
    };
  },
};

type Scored = Pick<PersonScore, "scores">;

const rmse = (method: Method, ahead: 30 | 60) => (people: readonly Scored[]) => {
  const sum = (of: (one: ForecastScore) => number) => people.reduce((all, { scores }) => all + of(scores[ahead]), 0);
  return Math.sqrt(sum(({ squares }) => squares[method]) / sum(({ scored }) => scored));
};

function rowsOf(people: readonly PersonScore[], study: string, ahead: 30 | 60): Row[] {
  const part = (drawn: readonly PersonScore[]) => rmse("ours", ahead)(drawn) / rmse("persistence", ahead)(drawn);
  const inside = (drawn: readonly PersonScore[]) =>
    drawn.reduce((sum, { scores }) => sum + scores[ahead].covered, 0) /
    drawn.reduce((sum, { scores }) => sum + scores[ahead].scored, 0);
  const of = (method: Method) => rmse(method, ahead)(people);
  const text = (value: number) => value.toFixed(2);
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const below = 1 - part(people);
  const range = intervalBy(people, (drawn) => 1 - part(drawn));
  const covered = inside(people);
  const coveredRange = intervalBy(people, inside);
  const isTarget = ahead === 30;
  const others = `AR ${text(of("autoregressive"))}, rule ${text(of("rule"))}, model alone ${text(of("model alone"))}, persistence ${text(of("persistence"))}`;
  return [
    {
      measure: `${study}, ${ahead} min: RMSE, mg/dL (${others})`,
      ours: text(of("ours")),
      interval: textRange(intervalBy(people, rmse("ours", ahead)), text),
      target: isTarget ? `< ${text(of("autoregressive"))}` : null,
      isReached: isTarget ? of("ours") < of("autoregressive") : null,
    },
    {
      measure: `${study}, ${ahead} min: below persistence`,
      ours: percent(below),
      interval: textRange(range, percent),
      target: isTarget ? `>= ${100 * LESS} %` : null,
      isReached: isTarget ? below >= LESS : null,
    },
    {
      measure: `${study}, ${ahead} min: outcomes inside the 95 % interval`,
      ours: percent(covered),
      interval: textRange(coveredRange, percent),
      target: `${100 * COVERAGE[0]} to ${100 * COVERAGE[1]} %`,
      isReached: covered >= COVERAGE[0] && covered <= COVERAGE[1],
    },
  ];
}

const textRange = (range: readonly [number, number] | null, text: (value: number) => string): [string, string] | null =>
  range && [text(range[0]), text(range[1])];

function notesOf(people: readonly PersonScore[], studies: readonly string[]): string[] {
  const missed = studies.filter((study) => {
    const own = people.filter((one) => one.study === study);
    return rmse("ours", 30)(own) > (1 - LESS) * rmse("persistence", 30)(own);
  });
  if (missed.length === 0) return [];
  const shares = missed.map((study) => {
    const own = people.filter((one) => one.study === study).map(({ scores }) => scores[30]);
    const sum = (of: (one: ForecastScore) => number) => own.reduce((all, one) => all + of(one), 0);
    return `${study} ${((100 * sum(({ unheralded }) => unheralded)) / sum(({ squares }) => squares.ours)).toFixed(0)} %`;
  });
  return [
    `Less than ${100 * LESS} % below persistence: where the errors are. Of the squared errors, so much is of changes of more than 30 mg/dL that had not begun (less than 0.5 mg/dL a minute in the 15 minutes before): ${shares.join(", ")}. Meals, insulin and exercise cause them, and a sensor alone does not tell of them.`,
  ];
}
