'use strict';
// Plays a run in the page. All texts come from the film: here they are only looked up, by frame.
(async () => {
  const id = name => document.getElementById(name);
  const stage = id('replay'), packed = id('film');
  if (!stage || !packed || !window.DecompressionStream) return;
  let film;
  try {
    const unzip = new DecompressionStream('gzip'), writer = unzip.writable.getWriter();
    writer.write(Uint8Array.from(atob(packed.textContent), c => c.charCodeAt(0)));
    writer.close();
    film = await new Response(unzip.readable).json();
  } catch (e) { // the page stays as it is without it
    stage.dataset.wrong = String(e);
    return;
  }
  const make = (name, cls, text) => {
    const e = document.createElement(name);
    if (cls) e.className = cls;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const say = (e, text) => { if (e.textContent !== text) e.textContent = text; };

  // What stands at a frame.
  const at = []; // milliseconds
  for (const step of film.at) at.push((at.length ? at[at.length - 1] : 0) + step);
  const unpackOf = (table, pairs) => {
    const track = { frames: [], texts: [] };
    for (let i = 0, frame = 0; i < pairs.length; i += 2) {
      track.frames.push(frame += pairs[i]);
      track.texts.push(table[pairs[i + 1]]);
    }
    return track;
  };
  const unpack = pairs => unpackOf(film.texts, pairs);
  const lastUpTo = (list, value) => { // index of the last that is not above; -1: none
    let low = 0, high = list.length;
    while (low < high) { const mid = (low + high) >> 1; if (list[mid] <= value) low = mid + 1; else high = mid; }
    return low - 1;
  };
  const text = (track, frame) => { const i = lastUpTo(track.frames, frame); return i < 0 ? '' : track.texts[i]; };
  for (const v of film.variants) {
    v.head = v.head.map(unpack);
    for (const f of v.facts) { f.value = unpack(f.value); f.alert = unpack(f.alert); }
    for (const w of v.workers) { w.state = unpack(w.state); w.cells = w.cells.map(unpack); w.more = unpackOf(film.sheets, w.more); }
  }
  const firsts = film.variants.map(v => v.first);
  const variantAt = frame => Math.max(lastUpTo(firsts, frame), 0);
  const frameAt = ms => Math.max(lastUpTo(at, ms), 0);
  const incidents = film.marks.filter(m => m.kind === 'incident').map(m => m.at);

  // What is looked at.
  const range = id('film-range'), table = id('film-workers'), story = id('film-story'), more = id('film-more');
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)');
  let now = -1, shown = -1, ms = 0, playing = false, chosen = 1, told = '', rows = [], facts = [], saidAt = 0, saidText = '', settle = 0;

  const enter = index => { // another variant
    shown = index;
    const v = film.variants[index];
    document.querySelectorAll('.film-chart').forEach((e, i) => { e.hidden = i !== index; });
    const list = id('film-facts');
    list.replaceChildren();
    facts = v.facts.map(f => {
      const box = make('div'), value = make('dd');
      box.append(make('dt', '', f.name), value);
      list.append(box);
      return value;
    });
    table.replaceChildren();
    rows = v.workers.map(w => {
      const row = make('tr'), head = make('th'), button = make('button', 'pick', String(w.place));
      head.scope = 'row';
      button.type = 'button';
      button.setAttribute('aria-label', 'worker ' + w.place);
      button.addEventListener('click', () => { chosen = w.place; draw(now, true); });
      head.append(button);
      row.dataset.place = w.place;
      const state = make('td', 'state'), cells = w.cells.map((_, i) => make('td', 'c' + i));
      row.append(head, state, ...cells);
      row.addEventListener('click', () => { chosen = w.place; draw(now, true); });
      table.append(row);
      return { row, button, state, cells };
    });
    table.parentElement.classList.toggle('unasked', !v.workers.some(w => w.cells[6].texts.some(t => t)));
    if (!v.workers.some(w => w.place === chosen) && v.workers.length) chosen = v.workers[0].place;
    told = '';
  };

  const drawChart = (v, index) => {
    const chart = document.querySelectorAll('.film-chart')[index], svg = chart.querySelector('svg');
    const left = Number(svg.dataset.left), right = Number(svg.dataset.right);
    const share = Math.min(Math.max((at[now] - v.from) / Math.max(v.to - v.from, 1), 0), 1), x = left + share * (right - left);
    const head = svg.querySelector('.playhead'), later = svg.querySelector('.later');
    head.setAttribute('transform', 'translate(' + x.toFixed(1) + ' 0)');
    later.setAttribute('x', x.toFixed(1));
    later.setAttribute('width', Math.max(right - x, 0).toFixed(1));
    const scroll = chart.querySelector('.scroll');
    if (scroll.scrollWidth > scroll.clientWidth) scroll.scrollLeft = x / svg.viewBox.baseVal.width * scroll.scrollWidth - scroll.clientWidth / 2;
  };

  const drawMore = (v, index) => {
    const w = v.workers.find(one => one.place === chosen);
    const state = w ? text(w.state, now) : '';
    say(id('film-who'), state ? 'Worker ' + w.place + ', pid ' + text(w.cells[0], now) : 'No worker');
    const sheet = state && text(w.more, now) || [];
    if (more.sheet === sheet) return;
    more.sheet = sheet;
    more.replaceChildren(...sheet.map(one => {
      const line = film.texts[one], tab = line.indexOf('\t');
      return make('li', 'm-' + line.slice(0, tab), line.slice(tab + 1));
    }));
  };

  const drawStory = v => {
    const lines = v.story.filter(l => l[0] <= now && (l[1] < 0 || l[1] > now));
    const key = shown + '/' + lines.length + '/' + lines.map(l => l[4]).join();
    if (key === told) return;
    told = key;
    const from = Math.max(lines.length - 500, 0); // nobody reads more at once
    story.replaceChildren(...lines.slice(from).map(l => {
      const row = make('li', 'line');
      row.append(make('time', '', film.texts[l[2]]), make('b', 'k-' + film.texts[l[3]], film.texts[l[3]]), make('span', '', film.texts[l[4]]));
      return row;
    }));
    story.parentElement.scrollTop = story.parentElement.scrollHeight;
  };

  const announce = (summary, soon) => { // politely: what stands when it has settled, and while it plays not too often
    clearTimeout(settle);
    settle = setTimeout(() => {
      if (summary === saidText || playing && performance.now() - saidAt < 3000) return;
      saidText = summary; saidAt = performance.now();
      id('film-live').textContent = summary;
    }, soon ? 0 : 400);
  };

  const draw = (frame, again) => {
    frame = Math.min(Math.max(frame, 0), at.length - 1);
    if (frame === now && !again) return;
    now = frame;
    const index = variantAt(frame), v = film.variants[index];
    if (index !== shown) enter(index);
    const [moment, phase, clock, condition, mood] = v.head.map(t => text(t, frame));
    say(id('film-moment'), moment);
    say(id('film-variant'), film.variants.length > 1 ? v.name + ' (' + (index + 1) + ' of ' + film.variants.length + ')' : v.name);
    say(id('film-phase'), phase);
    say(id('film-clock'), clock);
    say(id('film-condition'), condition);
    id('film-condition').className = 'mood ' + mood;
    v.facts.forEach((f, i) => {
      say(facts[i], text(f.value, frame));
      facts[i].className = text(f.alert, frame) ? 'alert' : '';
    });
    v.workers.forEach((w, i) => {
      const state = text(w.state, frame), r = rows[i];
      r.row.hidden = !state;
      if (!state) return;
      r.row.className = w.place === chosen ? 'chosen' : '';
      r.button.setAttribute('aria-pressed', String(w.place === chosen));
      say(r.state, film.states[state] || state);
      r.state.className = 'state s-' + state;
      w.cells.forEach((t, c) => say(r.cells[c], text(t, frame)));
    });
    drawChart(v, index);
    drawMore(v, index);
    drawStory(v);
    range.value = frame;
    const summary = moment + ', ' + v.name + ', ' + phase + ': ' + condition;
    range.setAttribute('aria-valuetext', summary);
    announce(summary, false);
  };

  // Moving through it.
  const seek = to => { ms = Math.min(Math.max(to, at[0]), at[at.length - 1]); draw(frameAt(ms)); };
  const speed = id('film-speed'), button = id('film-play');
  let before = 0, drawn = 0;
  const step = t => {
    if (!playing) return;
    ms += (t - before) * Number(speed.value);
    before = t;
    // Who wants little motion sees it once a second.
    if (!calm.matches || t - drawn >= 1000) { drawn = t; seek(ms); }
    if (ms >= at[at.length - 1]) { seek(ms); play(false); return; }
    requestAnimationFrame(step);
  };
  const play = on => {
    if (on && now >= at.length - 1) seek(at[0]);
    playing = on;
    button.setAttribute('aria-label', on ? 'pause' : 'play');
    say(button, on ? '■' : '▶');
    before = drawn = performance.now();
    if (on) requestAnimationFrame(step);
  };
  const jump = forward => {
    const to = forward ? incidents.find(i => i > ms) : incidents.filter(i => i < ms - 1000).pop();
    if (to === undefined) announce('no incident in that direction', true); else seek(to);
  };
  const faster = by => { speed.selectedIndex = Math.min(Math.max(speed.selectedIndex + by, 0), speed.length - 1); };
  range.max = at.length - 1;
  range.addEventListener('input', () => { ms = at[Number(range.value)]; draw(Number(range.value)); });
  button.addEventListener('click', () => play(!playing));
  id('film-previous').addEventListener('click', () => jump(false));
  id('film-next').addEventListener('click', () => jump(true));
  document.addEventListener('keydown', e => {
    const where = e.target;
    if (e.ctrlKey || e.altKey || e.metaKey || where !== document.body && !stage.contains(where)) return;
    if (where.closest('select') || e.key.startsWith('Arrow') && where.closest('.scroll')) return;
    const far = e.shiftKey ? 10000 : 1000;
    const keys = {
      ArrowLeft: () => seek(at[now] - far), ArrowRight: () => seek(at[now] + far), Home: () => seek(at[0]), End: () => seek(at[at.length - 1]),
      ',': () => draw(now - 1), '.': () => draw(now + 1), '+': () => faster(1), '-': () => faster(-1),
      n: () => jump(true), p: () => jump(false), ' ': () => play(!playing),
    };
    if (e.key === ' ' && where.closest('button') || !keys[e.key]) return;
    if ((e.key === 'Home' || e.key === 'End') && where === document.body) return; // of the page
    e.preventDefault();
    keys[e.key]();
    if (e.key === ',' || e.key === '.') ms = at[now];
  });
  document.querySelectorAll('.film-chart svg').forEach((svg, index) => {
    const go = e => {
      const v = film.variants[index], place = svg.getBoundingClientRect(), left = Number(svg.dataset.left), right = Number(svg.dataset.right);
      const x = (e.clientX - place.left) / place.width * svg.viewBox.baseVal.width;
      seek(v.from + Math.min(Math.max((x - left) / (right - left), 0), 1) * (v.to - v.from));
    };
    svg.addEventListener('pointerdown', e => { if (e.pointerType === 'mouse') { svg.setPointerCapture(e.pointerId); go(e); } });
    svg.addEventListener('pointermove', e => { if (e.pointerType === 'mouse' && e.buttons) go(e); });
    svg.addEventListener('click', e => { if (e.pointerType !== 'mouse') go(e); }); // a finger that moves scrolls
  });
  const marks = id('film-marks');
  for (const m of film.marks) {
    const mark = make('i', 'mark at-' + m.kind, { incident: '×', fault: '▲', variant: '' }[m.kind]);
    mark.title = m.text;
    mark.style.setProperty('--at', m.frame / Math.max(at.length - 1, 1));
    marks.append(mark);
  }
  const wanted = () => { const found = /^#t=(-?\d+(\.\d+)?)$/.exec(location.hash); return found ? Number(found[1]) * 1000 : undefined; };
  window.addEventListener('hashchange', () => {
    if (wanted() === undefined) return;
    play(false);
    seek(wanted());
    stage.scrollIntoView({ behavior: calm.matches ? 'auto' : 'smooth' });
    range.focus({ preventScroll: true });
  });
  document.querySelectorAll('a.seek').forEach(a => {
    a.hidden = false;
    a.addEventListener('click', () => { if (location.hash === a.hash) window.dispatchEvent(new Event('hashchange')); });
  });
  stage.hidden = false;
  id('film-length').textContent = text(film.variants[variantAt(at.length - 1)].head[0], at.length - 1);
  seek(wanted() !== undefined ? wanted() : incidents.length ? film.marks.find(m => m.kind === 'incident').at + 1000 : at[at.length - 1]);
  stage.dataset.ready = '1';
})();
