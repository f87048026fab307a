/** What the service answers and what the page's parts hand to each other. */

type Variant = 'fixed' | 'adaptive' | 'dynamic';
type Unit = 'bytes' | 'characters' | 'symbols';
type ViewName = keyof typeof import('./views.js').views;
/** A view that is `free` opens without a checkpoint. */
type ViewEntry = { title: string, key: string } & (
  | { free?: false, module: () => Promise<{ build: (page: Page) => Promise<View> }> }
  | { free: true, module: () => Promise<{ build: (frame: Frame) => Promise<View> }> });
type Colours = ReturnType<typeof import('./theme.js').colours>;

interface Checkpoint {
  id: string;
  title: string;
  variant: Variant;
  step: number;
  layers: number;
  heads: number;
  hidden: number;
  span_limit: number;
  ramp: number;
  parameters: number;
  corpus: string;
  alphabet: string;
  unit: Unit;
  bpc: { part: number | null, valid: number | null };
  mean_span: number;
  created: string;
  training: boolean;
}

interface Head {
  layer: number;
  head: number;
  z: number;
  span: number;
  p10: number;
  p50: number;
  p90: number;
}

interface Spans {
  checkpoint: string;
  variant: Variant;
  span_limit: number;
  ramp: number;
  unit: Unit;
  heads: Head[];
}

interface LayerStatistics {
  layer: number;
  mean_span: number;
  median_span: number;
  min_span: number;
  max_span: number;
  mean_z: number;
  under_64: number;
  under_256: number;
  under_1024: number;
  flops: number;
  flops_paid: number;
  cache_bytes: number;
}

interface Statistics {
  checkpoint: string;
  layers: LayerStatistics[];
  all: LayerStatistics & { flops_fixed: number; cache_bytes_fixed: number; z_upper_over_lower: number | null; rank_correlation: number | null };
}

interface Packed {
  dtype: 'f4' | 'f8' | 'i4' | 'u1';
  bdata: string;
  shape?: string;
}

interface History {
  run: string;
  steps: number[];
  tokens: (number | null)[];
  bpc: (number | null)[];
  z: Packed | null;
  span_avg: (number | null)[];
  span_max: (number | null)[];
}

/** One that holds every head's z, as those trained here do. */
interface HistoryOfHeads extends History {
  tokens: number[];
  z: Packed;
}

interface Analysis {
  checkpoint: string;
  tokens: { count: number; token: Packed; start: Packed; end: Packed };
  bits: Packed;
  bpc: number | null;
  next: { symbols: string[]; token: Packed; share: Packed };
  fields: Record<string, Packed>;
  axes: string[];
  model_seconds: number;
}

type RunState =
  'queued' | 'training' | 'paused' | 'stopping' | 'stopped' | 'interrupted' | 'failed' | 'ended' | 'unreadable';

/** What an unreadable run has of this, or an imported one, may be null. */
interface Run {
  name: string;
  title: string;
  note: string;
  archived: boolean;
  state: RunState;
  detail: string;
  variant: Variant | null;
  corpus: string | null;
  step: number;
  steps: number | null;
  tokens: number | null;
  tokens_total: number | null;
  bpc: number | null;
  mean_span: number | null;
  unit: Unit | null;
  tokens_per_second: number | null;
  seconds_left: number | null;
  seconds: number | null;
  created: string | null;
  checkpoints: string[];
  imported: boolean;
  shelf: boolean;
}

interface RunConfig {
  model: { variant: Variant, layers: number, heads: number, hidden: number, inner: number, span_limit: number, ramp: number, alphabet: string };
  training: { steps: number, block: number, batch?: number, evaluate_every?: number, span_penalty?: number };
  corpus: string;
}

interface RunDetail extends Run {
  config: RunConfig | null;
}

interface Runs {
  trainer: boolean;
  items: Run[];
}

interface Metrics {
  steps: number[];
  tokens: (number | null)[];
  seconds: (number | null)[];
  train_bpc: (number | null)[];
  bpc: (number | null)[];
  mean_span: (number | null)[];
}

/** As the stream of a run's events brings it. */
interface MeasuredStep {
  step: number;
  tokens: number | null;
  seconds: number | null;
  train_bpc: number | null;
  bpc: number | null;
  z: number[][] | null;
}

interface Happening {
  time: string;
  event: string;
  step: number | null;
  detail: string;
}

type Setting = string | number | boolean;

interface Preset {
  name: string;
  title: string;
  config: { model: Record<string, Setting>, training: Record<string, Setting>, corpus: string, seed: number };
  parameters: number;
  flops_limit: number;
  flops_start: number;
}

interface Corpus {
  name: string;
  description: string;
  ready: boolean;
}

interface Estimate {
  parameters: number;
  flops_start: number;
  flops_limit: number;
  memory: { weights: number, optimizer: number, remembered: number, total: number };
  machine_memory: number;
  tokens_total: number;
  tokens_per_second: { start: number, limit: number };
  seconds: { start: number, limit: number };
}

/** The fragment of the address. */
interface Choices {
  checkpoint?: string;
  head?: string;
  run?: string;
  step?: string;
  along?: string;
  smooth?: string;
  preset?: string;
  ids?: string;
  of?: string;
  show?: string;
  text?: string;
  stored?: string;
}

/** What a view may ask of the page around it. */
interface Frame {
  choices: Choices;
  /** Ends when another view or checkpoint takes the place of this one. */
  signal: AbortSignal;
  /** Whether Back comes back from it is decided in address.js, unless it is said here. */
  choose(changes: Choices, how?: { step?: boolean }): void;
  go(view: ViewName, changes?: Choices): void;
  complain(error: unknown): void;
  calm(): void;
}

/** What a view of one checkpoint may ask. */
interface Page extends Frame {
  checkpoint: Checkpoint;
}

interface View {
  element: HTMLElement;
  drawn: Promise<unknown>;
  update(choices: Choices): void;
}

interface Drawing {
  data: object[];
  layout: Record<string, any>;
}

declare const Plotly: {
  react(place: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
  toImage(figure: object, options: object): Promise<string>;
};

interface Window {
  Plotly?: typeof Plotly;
}
