import { formatBytes } from "@std/fmt";
import { excerpt } from "../printable.ts";
import { bareName } from "./bare_name.ts";
import type { ActiveFile, TransferState } from "./transfer_state.ts";

/** No more files than this are named at once. */
export const MOST_ACTIVE = 8;
const LONGEST_NAME = 100;
const BAR_WIDTH = 20;

function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const pad = (number: number) => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** How far a transfer came, in a line. */
export function standLine({ files, done, failed, bytes }: TransferState): string {
  const words = [`${done} of ${files} files`, ...failed > 0 ? [`${failed} failed`] : [], formatBytes(bytes)];
  return words.join(", ");
}

/** Where a transfer stands, in a line: how far it came, how fast it is, how long it will take. */
export function transferLine(state: TransferState): string {
  const { files, done, speed, leftMs } = state;
  const left = leftMs === undefined || done >= files ? "" : `, ${duration(leftMs)} left`;
  return `${standLine(state)}, ${formatBytes(Math.round(speed))}/s${left}`;
}

/** The name of a file that is on its way, safe on a line. */
export function activeName({ file }: ActiveFile): string {
  return excerpt(bareName(file), LONGEST_NAME);
}

function bar({ bytes, size }: ActiveFile): string {
  if (size === undefined || size === 0) return "·".repeat(BAR_WIDTH);
  const filled = Math.min(BAR_WIDTH, Math.floor(bytes / size * BAR_WIDTH));
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}

function activeLine(active: ActiveFile): string {
  const of = active.size === undefined ? "" : ` of ${formatBytes(active.size)}`;
  return `  ${bar(active)} ${activeName(active)} ${formatBytes(active.bytes)}${of}`;
}

/**
 * Where a transfer stands: a line for each of the files on their way, up to a few, and one for all. That one is the last:
 * a low window shows the end.
 */
export function transferLines(state: TransferState): string[] {
  const { active } = state;
  const lines = active.slice(0, MOST_ACTIVE).map(activeLine);
  if (active.length > MOST_ACTIVE) lines.push(`  and ${active.length - MOST_ACTIVE} more`);
  return [...lines, transferLine(state)];
}
