/** What the service answers and what the page's parts hand to each other. */

type Variant = 'fixed' | 'adaptive' | 'dynamic';
type Unit = 'bytes' | 'characters' | 'symbols';
type ViewName = keyof typeof import('./views.js').views;
/** A view that is `free` opens without a checkpoint; those that read a text hand it on to each other. */
/** `prefers`: the variant that it begins with until a checkpoint is chosen. */
type ViewEntry = { title: string, key: string, reads?: true, prefers?: Variant } & (
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
  parent: string | null;
  flops: number;
  flops_with_positions: number;
  flops_paid: number;
  cache_bytes: number;
}

interface CheckpointDetail extends Checkpoint {
  config: RunConfig & { imported: boolean };
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

/** A head that may look only so many tokens back. */
interface Cut {
  layer: number;
  head: number;
  span: number;
}

/** A head as it is, or, where `uncut` tells what it was, under a what-if. */
interface CutHead extends Head {
  uncut?: Head;
}

/** What was not measured is null. */
interface HeadUse {
  layer: number;
  head: number;
  rank: number;
  z: number;
  span: number;
  mean_distance: number | null;
  entropy: number | null;
  distance_90: number | null;
  outside: number | null;
  pull: number | null;
  pull_error: number | null;
  penalty: number | null;
  reach_unused: boolean | null;
  needs: number | null;
  flops_share: number;
}

interface HeadUses {
  checkpoint: string;
  variant: Variant;
  tokens: number | null;
  heads: HeadUse[];
  detail: string | null;
}

interface HeadDetail extends HeadUse {
  edges: number[];
  mass: number[] | null;
}

interface Survey {
  name: string;
  corpus: string | null;
  sources: { name: string, tokens: number }[];
  tokens: number;
  created: string;
}

interface Surveys {
  items: Survey[];
  detail: string | null;
}

interface SurveyedHead {
  layer: number;
  head: number;
  span: number;
  use: number;
  mean_distance: number | null;
  distance_90: number;
  entropy: number | null;
  outside: number;
  answers_to: string | null;
  answers_to_ratio: number | null;
}

/** A token that looks back: `text_at` is its character in `text`, `at` that of a key, null where it lies before the text. */
interface Excerpt {
  reason: 'most' | 'quantile';
  quantile: number | null;
  source: string;
  place: number;
  use: number;
  distance: number | null;
  text: string | null;
  text_at: number;
  keys: { distance: number, weight: number, at: number | null }[];
}

interface Passage extends Excerpt {
  span: number;
  entropy: number | null;
  outside: number;
  key_share: number;
  text_start: number;
}

interface AboutSurvey extends Survey {
  unit: Unit;
  span_limit: number;
  edges: number[];
  text_missing: string | null;
}

/** What is given by group is in the order of the gallery's `groups`. */
interface GalleryHead extends SurveyedHead {
  mass: number[];
  group_use: (number | null)[];
  excerpts: Excerpt[];
}

interface Gallery extends AboutSurvey {
  groups: { grouping: string, group: string, tokens: number }[];
  heads: GalleryHead[];
}

interface HeadGroup {
  grouping: string;
  group: string;
  tokens: number;
  span: number | null;
  use: number | null;
  mean_distance: number | null;
  entropy: number | null;
  outside: number | null;
  mass: (number | null)[];
}

interface HeadSurvey extends AboutSurvey, SurveyedHead {
  groups: HeadGroup[];
  passages: Passage[];
}

interface Change {
  before: number;
  after: number;
}

interface WhatIf {
  corpus: string;
  tokens: number;
  bits: number;
  bits_error: number | null;
  bpc: Change;
  flops: Change;
  cache_bytes: Change;
  spans: { layer: number, head: number, before: number, after: number }[];
}

interface Spans {
  checkpoint: string;
  variant: Variant;
  span_limit: number;
  ramp: number;
  unit: Unit;
  heads: Head[];
}

/** A head with what it uses on held-out text: null where that was not measured. */
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
  all: LayerStatistics & { flops_with_positions: number; flops_fixed: number; cache_bytes_fixed: number; z_upper_over_lower: number | null; rank_correlation: number | null };
}

interface Difference {
  id: string;
  bpc: number | null;
  mean_span: number;
  parameters: number;
  flops: number;
  flops_with_positions: number;
  flops_paid: number;
  cache_bytes: number;
}

interface Comparison {
  checkpoints: Checkpoint[];
  differences: Difference[];
  heads: { layer: number, head: number, spans: (number | null)[], differences: (number | null)[] }[];
}

interface PublishedResult {
  model: string;
  corpus: string;
  layers: number | null;
  span_limit: number | null;
  mean_span: number | null;
  parameters: number | null;
  flops: number | null;
  bpc_test: number | null;
  bpc_dev: number | null;
  source: string;
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

/** Bands of exact weights: of each head [rows, width], column j being distance j + 1. */
interface Attention {
  checkpoint: string;
  rows: [number, number];
  bands: { layer: number, head: number, width: number, weights: Packed, outside: Packed }[];
  model_seconds: number;
}

/** What a checkpoint made of a text, token by token. */
interface ComparedReading {
  checkpoint: string;
  tokens: { count: number, token: Packed, start: Packed, end: Packed };
  bits: Packed;
  span: Packed;
  bpc: number | null;
}

interface TextComparison {
  places: 'token' | 'code point';
  readings: ComparedReading[];
  differences: { checkpoint: string, bits: Packed, span: Packed }[];
  model_seconds: number;
}

interface Session {
  needed: boolean;
  open: boolean;
  read_only: boolean;
}

interface Limits {
  characters: number;
  weights: number;
  continuation: number;
}

interface WrittenToken {
  token: number;
  symbol: string;
  bits: number;
  layers: number[];
  heads: number[][] | null;
}

interface WrittenText {
  text: string;
  tokens: number;
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
  trim: Trim | null;
  shelf: boolean;
}

type TrimKind = 'bpc' | 'flops' | 'cache';

/** What a run is to trim, how far, and what it is doing now. */
interface Trim {
  parent: string;
  kind: TrimKind;
  most: number;
  doing: string | null;
  share: number | null;
}

/** How a trimmed checkpoint came to be, from its parent on. */
interface TrimPath {
  checkpoint: string;
  parent: string;
  tokens: number;
  points: { mean_span: number, flops: number, flops_with_positions: number, cache_bytes: number, bits: number, error: number | null, bpc: number, chosen: boolean }[];
}

interface RunConfig {
  model: { variant: Variant, layers: number, heads: number, hidden: number, inner: number, span_limit: number, ramp: number, alphabet: string };
  training: { steps: number, block: number, batch?: number, evaluate_every?: number, span_penalty?: number, optimizer?: string };
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
  /** Heads with their spans cut, as L4H3:128,L3H2:64. */
  cuts?: string;
  survey?: string;
  sort?: string;
  /** Of character, that a head answers to. */
  kind?: string;
  layer?: string;
  /** From and to, as 32:512; either may be missing. */
  span?: string;
  run?: string;
  step?: string;
  along?: string;
  smooth?: string;
  preset?: string;
  of?: string;
  show?: string;
  /** Of a text: places that are held, as 133,150; of a map: query and key, as 150:133. */
  at?: string;
  beside?: string;
  way?: string;
  /** Of the weight, percent, that the characters shown hold. */
  share?: string;
  /** What the model wrote, as 415-615. */
  written?: string;
  rows?: string;
  back?: string;
  shape?: string;
  axis?: string;
  text?: string;
  stored?: string;
  z?: string;
  ramp?: string;
  limit?: string;
  place?: string;
  cut?: string;
  penalty?: string;
  mean?: string;
  fixed?: string;
  as?: string;
  ids?: string;
  against?: string;
  by?: string;
  other?: string;
  reader?: string;
  edited?: string;
  editedStored?: string;
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
