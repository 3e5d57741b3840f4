import assert from "node:assert/strict";
import { test } from "node:test";
import type { Task } from "@openward/model";
import ICAL from "ical.js";
import { calendarOf } from "./icalendar.ts";
import { checkTask, occurrencesOf } from "./task.ts";

const task: Task = {
  id: "01930000-0000-7000-8000-000000000001",
  organisationId: "o",
  patientId: "p",
  signal: "body-weight",
  times: ["08:00", "20:00"],
  weekdays: null,
  timeZone: "Europe/Oslo",
  fromDay: "2026-10-20",
  toDay: null,
  note: "before breakfast",
  createdAt: 0,
  createdBy: "n",
  endedAt: null,
};
const at = (text: string) => Date.parse(text);
const options = {
  showsWhat: true,
  remindMinutes: 10,
  name: "Measurements",
  host: "ward.example",
  now: at("2026-11-27T00:00:00Z"),
};

/** An independent parser: what it finds, with its own arithmetic of zones and rules. */
function parsed(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const zone of calendar.getAllSubcomponents("vtimezone"))
    ICAL.TimezoneService.register(new ICAL.Timezone(zone), String(zone.getFirstPropertyValue("tzid")));
  const events = calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
  return { calendar, events, masters: events.filter((one) => !one.isRecurrenceException()) };
}

function timesOf(text: string, from: number, to: number): number[] {
  const found: number[] = [];
  for (const event of parsed(text).masters) {
    const iterator = event.iterator();
    for (let next = iterator.next(); next; next = iterator.next()) {
      const time = next.toJSDate().getTime();
      if (time >= to) break;
      if (time >= from) found.push(time);
    }
  }
  return found.sort((a, b) => a - b);
}

test("what another program makes of the calendar are the times of the task, over both changes of the clocks", () => {
  for (const [timeZone, from, to] of [
    ["Europe/Oslo", "2026-10-20T00:00:00Z", "2026-11-05T00:00:00Z"],
    ["Europe/Oslo", "2027-03-20T00:00:00Z", "2027-04-05T00:00:00Z"],
    ["America/New_York", "2026-10-25T00:00:00Z", "2026-11-10T00:00:00Z"],
    ["Australia/Lord_Howe", "2027-03-28T00:00:00Z", "2027-04-10T00:00:00Z"],
    ["Asia/Kolkata", "2026-12-01T00:00:00Z", "2026-12-05T00:00:00Z"],
  ] as const) {
    const own = { ...task, timeZone };
    const expected = occurrencesOf(own, at(from), at(to)).map((one) => one.at);
    assert.ok(expected.length > 6, timeZone);
    assert.deepEqual(timesOf(calendarOf([{ task: own, due: [] }], options), at(from), at(to)), expected, timeZone);
  }
});

test("weekdays, a last day and an end by a person are where the calendar ends as well", () => {
  const cases = [
    { weekdays: [1, 3, 5] },
    { toDay: "2026-10-29" },
    { weekdays: [7], toDay: "2026-11-08" },
    { endedAt: at("2026-10-28T12:00:00Z") },
  ];
  for (const more of cases) {
    const own = { ...task, ...more };
    const [from, to] = [at("2026-10-19T00:00:00Z"), at("2026-12-01T00:00:00Z")];
    const expected = occurrencesOf(own, from, to).map((one) => one.at);
    assert.deepEqual(timesOf(calendarOf([{ task: own, due: [] }], options), from, to), expected, JSON.stringify(more));
  }
});

test("what was done is marked on its day, has no reminder, and replaces that day's event only", () => {
  const [first] = occurrencesOf(task, at("2026-11-26T00:00:00Z"), at("2026-11-27T00:00:00Z"));
  assert.ok(first);
  const { events, masters, calendar } = parsed(
    calendarOf([{ task, due: [{ ...first, doneAt: first.at + 60_000 }] }], options),
  );
  assert.equal(masters.length, 2);
  const [done] = events.filter((one) => one.isRecurrenceException());
  assert.equal(done?.summary, "✓ Measure: Body weight");
  assert.equal(done?.recurrenceId.toJSDate().getTime(), first.at);
  assert.equal(done?.uid, masters.find((one) => one.startDate.toJSDate().toISOString().includes("T06:"))?.uid);
  assert.equal(done?.component.getAllSubcomponents("valarm").length, 0);
  const [alarm] = masters[0]?.component.getAllSubcomponents("valarm") ?? [];
  assert.equal(String(alarm?.getFirstPropertyValue("trigger")), "-PT10M");
  assert.equal(calendar.getFirstPropertyValue("refresh-interval")?.toString(), "PT1H");
});

test("a calendar says nothing of what is measured unless it may", () => {
  const text = calendarOf([{ task, due: [] }], { ...options, showsWhat: false, name: "Reminders" });
  assert.ok(!/weight|breakfast|openward task/i.test(text.replaceAll("Openward", "")), text);
  assert.deepEqual([...new Set(parsed(text).events.map((one) => one.summary))], ["Measurement"]);
});

test("a line that somebody writes into a note stays in the note", () => {
  const note = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:planted; with, commas";
  const { events } = parsed(calendarOf([{ task: { ...task, note }, due: [] }], options));
  assert.equal(events.length, 2);
  assert.match(events[0]?.description ?? "", /END:VEVENT/);
});

test("no reading is of two times of a task", () => {
  const own = { ...task, times: ["07:00", "08:00", "12:00"] };
  const all = occurrencesOf(own, at("2026-11-20T00:00:00Z"), at("2026-11-24T00:00:00Z"));
  for (const [i, one] of all.entries()) {
    const next = all[i + 1];
    if (next) assert.ok(one.to <= next.from, `${one.day} ${one.time}`);
    assert.ok(one.from < one.at && one.at < one.to);
  }
});

test("a task that nobody could measure is refused, and says which field", () => {
  const { id: _, createdAt: __, endedAt: ___, ...wish } = task;
  for (const [field, more] of [
    ["signal", { signal: "nothing" }],
    ["signal", { signal: "ecg-lead-ii" }],
    ["timeZone", { timeZone: "Mars/Base" }],
    ["fromDay", { fromDay: "2026-02-30" }],
    ["toDay", { toDay: "2026-10-01" }],
  ] as const)
    assert.throws(
      () => checkTask({ ...wish, ...more }),
      (error: { facts?: { at?: string } }) => error.facts?.at === field || JSON.stringify(error).includes(field),
    );
});
