import { parentPort, workerData } from "node:worker_threads";
import { simulate } from "./campaign.ts";

const { first, count, stride } = workerData as { first: number; count: number; stride: number };
parentPort?.postMessage(await simulate(first, count, stride, () => parentPort?.postMessage("history")));
