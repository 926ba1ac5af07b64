export interface Bar {
  label: string;
  value: number;
  /** Drawn in the warning colour. */
  marked?: boolean;
  /** Shown when pointed at. */
  title?: string;
}

const WIDTH = 760;
const HEIGHT = 280;
const MARGIN = { top: 44, right: 12, bottom: 34, left: 40 };
const COLORS = { bar: "#4c78a8", marked: "#e45756", grid: "#d9dde3", text: "#3b4252" };

/** A bar chart as SVG: standing bars from zero, with grid lines at round values. No bars: an empty chart. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const high = Math.max(0, ...bars.map(({ value }) => value));
  const low = Math.min(0, ...bars.map(({ value }) => value));
  const step = roundStep((high - low) / 4);
  const top = Math.ceil(high / step) * step;
  const bottom = Math.floor(low / step) * step;
  const innerHeight = HEIGHT - MARGIN.top - MARGIN.bottom;
  const y = (value: number): number => MARGIN.top + ((top - value) / (top - bottom || 1)) * innerHeight;
  const slot = (WIDTH - MARGIN.left - MARGIN.right) / Math.max(1, bars.length);

  const grid = Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_, index) => {
    const value = bottom + index * step;
    return (
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${px(y(value))}" y2="${px(y(value))}" stroke="${COLORS.grid}"/>` +
      `<text x="${MARGIN.left - 6}" y="${px(y(value) + 4)}" text-anchor="end">${value}</text>`
    );
  });
  const drawn = bars.map(({ label, value, marked, title: hover }, index) => {
    const x = MARGIN.left + index * slot;
    const color = marked ? COLORS.marked : COLORS.bar;
    return (
      `<rect x="${px(x + slot * 0.12)}" y="${px(y(Math.max(0, value)))}" width="${px(slot * 0.76)}" height="${px(Math.abs(y(0) - y(value)))}" rx="1.5" fill="${color}">` +
      `<title>${escapeXml(hover ?? `${label}: ${value.toFixed(1)}`)}</title></rect>` +
      `<text x="${px(x + slot / 2)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${escapeXml(label)}</text>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeXml(title)}" font-family="system-ui, sans-serif" font-size="11" fill="${COLORS.text}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
    ...grid,
    ...drawn,
    `</svg>`,
  ].join("\n");
}

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** The next of 1, 2, 5, 10, 20, … */
function roundStep(atLeast: number): number {
  if (!(atLeast > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= atLeast) ?? 10 * power;
}

const px = (value: number): string => value.toFixed(1);
