// uPlot in the colours of the tokens, with Vietnamese time on the axis. Only this file and its component know uPlot.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clock, dateOnly } from '../lib/format';

export type ChartKind = 'line' | 'bars';
export type ChartSpec = {
  kind: ChartKind; times: number[]; values: (number | null)[]; format: (value: number) => string; height: number;
  max?: number; threshold?: number; brush?: (from: number, to: number) => void; sync?: string;
};

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const DAY_S = 86_400;
const ZONE = 'Asia/Ho_Chi_Minh';

function thresholdLine(value: number): uPlot.Plugin {
  return {
    hooks: {
      draw: (u) => {
        const y = Math.round(u.valToPos(value, 'y', true));
        u.ctx.save();
        u.ctx.strokeStyle = token('--critical');
        u.ctx.setLineDash([4, 4]);
        u.ctx.beginPath();
        u.ctx.moveTo(u.bbox.left, y);
        u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
        u.ctx.stroke();
        u.ctx.restore();
      },
    },
  };
}

function axes(spec: ChartSpec): uPlot.Axis[] {
  const font = `12px ${token('--sans')}`;
  const look = { font, stroke: token('--ink-3'), grid: { stroke: token('--line'), width: 1 }, ticks: { show: false } };
  const label = (at: number, i: number, all: number[]) => {
    const span = (all[all.length - 1] ?? 0) - (all[0] ?? 0);
    if (span > 3 * DAY_S) return dateOnly(at * 1000).slice(0, 5);
    return i === 0 && span > DAY_S / 2 ? `${clock(at * 1000)}\n${dateOnly(at * 1000).slice(0, 5)}` : clock(at * 1000);
  };
  return [
    { ...look, grid: { show: false }, size: 34, space: 84, values: (_u, splits) => splits.map(label) },
    { ...look, size: 64, space: 34, values: (_u, splits) => splits.map((v) => spec.format(v)) },
  ];
}

export function draw(into: HTMLElement, spec: ChartSpec, hover: (text: string) => void): uPlot {
  const line = token('--brand');
  const series: uPlot.Series = spec.kind === 'bars'
    ? { fill: token('--brand-line'), stroke: token('--brand'), width: 0, points: { show: false }, paths: uPlot.paths.bars!({ size: [0.86, 48], align: 1 }) }
    : { stroke: line, width: 1.5, points: { show: false }, spanGaps: false };
  // A bar stands for the time after its beginning: the last one needs room as well.
  const step = (spec.times[1] ?? 0) - (spec.times[0] ?? 0);
  const options: uPlot.Options = {
    width: into.clientWidth || 300, height: spec.height, legend: { show: false }, padding: [8, 8, 0, 0],
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), ZONE),
    scales: { x: { time: true, ...(spec.kind === 'bars' ? { range: (_u, min, max) => [min, max + step] } : {}) }, y: { range: (_u, _min, max) => [0, spec.max ?? (max > 0 ? max * 1.1 : 1)] } },
    axes: axes(spec),
    series: [{}, series],
    plugins: spec.threshold === undefined ? [] : [thresholdLine(spec.threshold)],
    cursor: {
      y: false, points: { show: spec.kind === 'line', size: 7, fill: line },
      drag: { x: Boolean(spec.brush), y: false, setScale: false },
      ...(spec.sync ? { sync: { key: spec.sync } } : {}),
    },
    hooks: {
      setCursor: [(u) => {
        const i = u.cursor.idx;
        const value = i === null || i === undefined ? null : spec.values[i];
        hover(value === null || value === undefined ? '' : `${clock(spec.times[i!]! * 1000)} · ${spec.format(value)}`);
      }],
      setSelect: [(u) => {
        if (!spec.brush || u.select.width < 4) return;
        const from = u.posToVal(u.select.left, 'x');
        const to = u.posToVal(u.select.left + u.select.width, 'x');
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        spec.brush(from * 1000, to * 1000);
      }],
    },
  };
  return new uPlot(options, [spec.times, spec.values], into);
}
