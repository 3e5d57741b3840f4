import { parentPort, workerData } from "node:worker_threads";
import { simulate, type WorkerMessage } from "./campaign.ts";

const { first, count, stride } = workerData as { first: number; count: number; stride: number };
const tell = (message: WorkerMessage) => parentPort?.postMessage(message);
tell({ whole: await simulate(first, count, stride, (failure) => tell(failure ? { failure } : {})) });
