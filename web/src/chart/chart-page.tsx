import { Tabs } from "@mantine/core";
import {
  IconAdjustmentsAlt,
  IconBell,
  IconChartLine,
  IconDeviceWatch,
  IconEye,
  IconHeartbeat,
  IconListNumbers,
  IconWaveSine,
} from "@tabler/icons-react";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useLive, useMay, useTitle } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { Failed, Loading } from "../app/pages.tsx";
import type { ChartTab } from "../app/router.tsx";
import { TasksSection } from "../patient-portal/tasks/tasks-section.tsx";
import { usePatient } from "../patients/use-patients.ts";
import { AlarmsPanel } from "./alarms-panel.tsx";
import classes from "./chart.module.css";
import { DevicesPanel } from "./devices-panel.tsx";
import { HiddenNotice } from "./hidden-notice.tsx";
import { LimitsPanel } from "./limits/limits-panel.tsx";
import { LivePanel } from "./live-panel.tsx";
import { PatientHeader } from "./patient-header.tsx";

const Trends = lazy(() => import("./trends/trends.tsx"));
const Readings = lazy(() => import("./readings/readings.tsx"));
const Access = lazy(() => import("../access/access-panel.tsx"));
const Waveforms = lazy(() => import("./waveforms/waveforms.tsx"));

const tabs = [
  { value: "live", label: "Live", icon: IconHeartbeat },
  { value: "trends", label: "Trends", icon: IconChartLine },
  { value: "readings", label: "Readings", icon: IconListNumbers },
  { value: "waveforms", label: "Waveforms", icon: IconWaveSine },
  { value: "alarms", label: "Alarms", icon: IconBell },
  { value: "limits", label: "Limits", icon: IconAdjustmentsAlt },
  { value: "devices", label: "Devices", icon: IconDeviceWatch },
  { value: "access", label: "Access", icon: IconEye },
] as const;

export function ChartPage() {
  const { patientId } = useParams({ from: "/shell/patients/$patientId" });
  const { tab = "live", at } = useSearch({ from: "/shell/patients/$patientId" });
  const navigate = useNavigate();
  const query = usePatient(patientId);
  const mayCare = useMay("clinical");
  const tile = useLive(monitor.patient).tiles.get(patientId);
  const waveforms = tab === "live" ? "all" : "none";
  useEffect(() => {
    monitor.patient.watch({ type: "watch", patients: [patientId], waveforms });
  }, [patientId, waveforms]);
  useEffect(() => () => monitor.patient.watch(null), []);
  const patient = tile?.patient ?? query.data;
  useTitle(patient?.name ?? "Patient");
  if (!patient)
    return query.isError ? (
      <Failed error={query.error} retry={() => query.refetch()} />
    ) : (
      <Loading what="Loading the patient" />
    );

  return (
    <div className={classes.chart}>
      <PatientHeader patient={patient} tile={tile} />
      <HiddenNotice patient={patient} />
      <Tabs
        value={tab}
        onChange={(value) =>
          navigate({
            to: "/patients/$patientId",
            params: { patientId },
            search: { tab: (value ?? "live") as ChartTab },
            replace: true,
          })
        }
        keepMounted={false}
        classNames={{ list: classes.tabs ?? "", panel: classes.panel ?? "" }}
      >
        <Tabs.List>
          {tabs.map(({ value, label, icon: Icon }) => (
            <Tabs.Tab key={value} value={value} leftSection={<Icon size={18} aria-hidden />}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Suspense fallback={<Loading />}>
          <Tabs.Panel value="live">
            <LivePanel patient={patient} tile={tile} />
          </Tabs.Panel>
          <Tabs.Panel value="trends">
            <Trends patient={patient} />
          </Tabs.Panel>
          <Tabs.Panel value="readings">
            <Readings patient={patient} />
          </Tabs.Panel>
          <Tabs.Panel value="waveforms">
            <Waveforms patient={patient} at={at} />
          </Tabs.Panel>
          <Tabs.Panel value="alarms">
            <AlarmsPanel patient={patient} tile={tile} />
          </Tabs.Panel>
          <Tabs.Panel value="limits">
            <LimitsPanel patient={patient} />
          </Tabs.Panel>
          <Tabs.Panel value="devices">
            <DevicesPanel patient={patient} />
            <TasksSection patientId={patient.id} title="To measure" isWard mayChange={mayCare} />
          </Tabs.Panel>
          <Tabs.Panel value="access">
            <Access patient={patient} />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
    </div>
  );
}
