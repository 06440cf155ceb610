// The nouns of docs/api.md.
export type Text = { vi: string; en: string };
export type Reason = Text & { code: string; args: Record<string, unknown> };
export type Severity = 'critical' | 'high' | 'medium' | 'low';
export type DutyStatus = 'met' | 'failed' | 'overdue' | 'unknown' | 'na';
export type FindingState = 'open' | 'acknowledged' | 'closed';
export type Complete = { from: string; to: string; gaps: number };
export type Page<T> = { items: T[]; next: string | null; total: number | null };
export type Explain = { what: Text; why: Text; now: Text | null };

export type Captcha = { id: string; svg: string };
export type Role = 'admin' | 'officer' | 'head' | 'operator' | 'auditor';
export type Session =
  | { signed_in: false; captcha: Captcha | null }
  | {
      signed_in: true;
      person: { id: number; name: string; login: string; role: Role };
      org: { id: number; name: string };
      csrf: string;
      idle_s: number;
      must_change: boolean;
      totp: boolean;
      password_due: string;
      lang: 'vi' | 'en';
    };
export type SignedIn = Extract<Session, { signed_in: true }>;
export type SetupState = { needed: boolean; expires_in: number | null; fingerprint: string };
export type TotpOffer = { secret: string; uri: string; recovery: string[] };
export type Person = {
  id: number; name: string; login: string; role: Role;
  totp: boolean; last_sign_in: string | null; must_change: boolean;
};

export type RedItem = {
  kind: 'finding' | 'duty' | 'source' | 'system'; severity: Severity; id: string;
  title: Text; clause: string; due: string | null; href: string;
};
export type Clock = {
  kind: 'finding' | 'duty'; id: string; title: Text; severity: Severity; clause: string;
  started: string; due: string; due_kind: 'elapsed' | 'working';
};
export type Health = {
  sources: { total: number; silent: number }; disk_days_left: number | null; last_event: string | null;
  clock_offset_ms: number | null; last_checkpoint: string | null; cert_days: number | null;
};
export type Score = { chapter: string; article: string; title: Text; met: number; total: number };
export type ChecklistItem = {
  id: string; done: boolean; title: Text; why: Text; clause: string; href: string;
};
export type Today = {
  now: string; org: { id: number; name: string }; complete: Complete | null; red: RedItem[]; clocks: Clock[];
  duties: { id: string; title: Text; status: DutyStatus; due: string | null; reason: Reason }[];
  health: Health; score: Score[]; checklist: ChecklistItem[];
};

export type LogSeverity =
  'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency';
export type LogEvent = {
  id: string; '@timestamp': string; received: string; source: { id: number; name: string };
  severity: LogSeverity; message: string; raw: string; raw_base64?: string;
  sentence: Text | null; fields: Record<string, string | number | boolean>;
};
export type Cut = { reason: 'time' | 'memory' | 'rows'; scanned: number } | null;
export type SearchRows = { items: LogEvent[]; next: string | null; cut: Cut; scanned: number; took_ms: number };
export type SearchStats = { columns: string[]; rows: (string | number | null)[][]; cut: Cut };
export type SearchResult = SearchRows | SearchStats;
export type Histogram = { from: string; to: string; step_s: number; counts: number[]; cut: Cut };
export type FieldInfo = { name: string; type: string; text: Text };

export type Finding = {
  id: number; rule: string; kind: 'rule' | 'threshold' | 'check' | 'source'; title: Text;
  severity: Severity; state: FindingState; clause: string[]; first: string; last: string; count: number;
  group: Record<string, string>; due: string | null;
  acknowledged_by: string | null; acknowledged_at: string | null;
};
export type FindingDetail = Finding & {
  events: LogEvent[]; explain: Explain;
  history: { time: string; who: string; what: string; note: string | null }[];
};

export type Duty = {
  id: string; clause: Text; title: Text; chapter: string | null; article: number; who: string[]; scope: string[];
  verification: 'A' | 'W' | 'M'; status: DutyStatus; reason: Reason; due: string | null;
  checked: string | null; todo: Text;
};
export type DutyCounts = Record<DutyStatus, number>;
export type DutyList = {
  items: Duty[]; counts: DutyCounts;
  chapters: { id: string; title: Text }[]; articles: { n: number; chapter: string; title: Text }[];
};
export type EvidenceState = 'waiting' | 'approved' | 'rejected' | 'expired';
export type Evidence = {
  id: number; duty: string; kind: 'auto' | 'document'; title: Text | string; dated: string | null; digest: string;
  by: string; at: string; state: EvidenceState; approved_by: string | null; approved_at: string | null;
  expires: string | null; note: string | null; mine: boolean; reason?: Reason | null;
  /** What a check of the machine found. */
  result?: DutyStatus;
};
export type DutyException = {
  id: number; reason: string; until: string; by: string; at: string; mine: boolean;
  state: 'waiting' | 'approved' | 'rejected' | 'ended'; approved_by: string | null;
};
export type DutyDetail = Duty & {
  explain: Explain; evidence: Evidence[]; exceptions: DutyException[];
  history: { time: string; status: DutyStatus; reason: Reason }[];
  law: { number: string; title: Text; in_force: boolean }[];
};

export type Source = {
  id: number; name: string; kind: 'udp' | 'tcp' | 'tls' | 'file' | 'journal' | 'import' | 'self';
  address: string; received: number; stored: number; dropped: number; malformed: number;
  last_seen: string | null; silent: boolean; silent_after_s: number; rate_1m: number; dialect: string | null;
  sequence: number; complete: { from: string | null; to: string | null; gaps: number; missing: number };
};

export type System = {
  version: string; started: string; data_dir: string;
  listen: { https: string; syslog: string; syslog_tls: string };
  disk: { total: number; free: number; store: number; per_day: number; days_left: number | null };
  store: {
    events: number; first: string | null; last: string | null; segments: number; blocks: number;
    raw_bytes: number; stored_bytes: number; wal_bytes: number; intake: 'open' | 'stopped';
  };
  seal: { size: number; root: string; time: string | null; signer: string; words: string[]; ok: boolean | null };
  keys: {
    id: string; kind: 'node' | 'store' | 'seal' | 'tls'; algorithm: string; bits: number;
    created: string | null; location: string; warning: Text | null;
  }[];
  processes: { name: string; pid: number; restarts: number; rss_bytes: number | null }[];
  sandbox: { process: string; landlock: boolean; seccomp: boolean; user: string }[];
  config: { key: string; value: string | number | boolean; default: string | number | boolean; unit: string; doc: Text }[];
  metrics: Record<'cpu' | 'ram_used' | 'ram_total' | 'net_rx_bps' | 'net_tx_bps', number | null>;
  /** UDP datagrams that the operating system had no room for. */
  kernel_dropped: number;
  /** Records of reading that wait in memory, because the disk is full. */
  audit_waiting: number;
  own_events_lost: number;
  sources_active: number; rules: { loaded: number; refused: number }; catalogue: { version: string };
};
export type Setting = {
  key: string; value: number; default: number; min: number; max: number; unit: 's' | 'tries' | 'days';
  title: Text; doc: Text; history: { time: string; who: string; old: number; new: number }[];
};
export type SavedSearch = { id: number; name: string; q: string; from: string; to: string; created: string };
export type Verify = {
  state: 'never' | 'running' | 'ok' | 'bad'; finished: string | null; problems: { place: string; what: Text }[];
};
export type MetricSeries = { points: [string, number | null][]; unit: string };
