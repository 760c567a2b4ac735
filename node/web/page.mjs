// The page is complete without this: it only keeps the numbers fresh and says how old times are.
const live = document.getElementById("live");
const lost = document.getElementById("lost");
const since = document.getElementById("since");
const PERIOD_MS = 2000;
const LIMIT_MS = 8000;
let skew = 0; // the node's clock minus ours
let newest = Date.now();

function age(ms) {
  const s = Math.round(Math.abs(ms) / 1000);
  const text =
    s < 90 ? `${s} s` : s < 5400 ? `${Math.round(s / 60)} min`
    : s < 129600 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} days`;
  return ms >= 0 ? `${text} ago` : `in ${text}`;
}

function tell() {
  const now = Date.now() + skew;
  for (const time of document.querySelectorAll("time[data-age]")) {
    time.textContent = age(now - Number(time.dataset.age));
    time.title = time.dateTime;
  }
}

// Open details stay open; nothing else on the page has a state of its own.
function replace(fresh) {
  const open = new Set([...live.querySelectorAll("details[open]")].map((d) => d.id));
  live.replaceChildren(...fresh.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
}

function clock(root) {
  const shown = root.querySelector("time[data-now]");
  if (shown) skew = Number(shown.dataset.now) - Date.now();
}

async function refresh() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LIMIT_MS);
  try {
    const answer = await fetch("/", { cache: "no-store", signal: stop.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    clock(fresh);
    replace(fresh);
    document.title = page.title;
    newest = Date.now();
    lost.hidden = true;
  } catch {
    since.dateTime = new Date(newest).toISOString();
    since.textContent = age(Date.now() - newest);
    lost.hidden = false;
  } finally {
    clearTimeout(timer);
  }
  tell();
}

async function follow() {
  if (!document.hidden) await refresh();
  setTimeout(follow, PERIOD_MS);
}

clock(live);
tell();
setInterval(tell, 1000);
setTimeout(follow, PERIOD_MS);
