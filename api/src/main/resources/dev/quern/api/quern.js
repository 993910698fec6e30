// Keeps the page of a job up to date: events say that something changed, the server draws what did. And what only a browser can do:
// local times, copied commands.
(() => {
  'use strict';

  const page = document.querySelector('[data-events]');
  if (page) follow(page);
  readout();
  dress();
  new MutationObserver(dress).observe(document.body, { childList: true, subtree: true });

  function dress() {
    localTimes();
    copyButtons();
  }

  // Commands are there to be pasted elsewhere.
  function copyButtons() {
    document.querySelectorAll('main:not(:has(.doc)) pre:not(:has(.copy))').forEach((pre) => {
      const command = pre.textContent.trim();
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'copy';
      button.textContent = 'Copy';
      button.setAttribute('aria-label', `Copy ${command}`);
      button.addEventListener('click', async () => {
        button.textContent = (await copied(command)) ? 'Copied' : 'Press Ctrl+C';
        setTimeout(() => { button.textContent = 'Copy'; }, 2000);
      });
      pre.append(button);
    });
  }

  // The clipboard is only there on https and localhost; elsewhere the command is at least selected.
  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const pre = [...document.querySelectorAll('pre')].find((one) => one.firstChild.textContent.trim() === text);
      getSelection().selectAllChildren(pre);
      return false;
    }
  }

  // The server writes UTC; people read the time of their own clock, and UTC in the tooltip.
  function localTimes() {
    document.querySelectorAll('time[data-local]').forEach((time) => {
      const then = new Date(time.dateTime);
      const clock = { hour: '2-digit', minute: '2-digit', hour12: false };
      if (time.dataset.local === 'seconds') clock.second = '2-digit';
      const today = then.toDateString() === new Date().toDateString();
      time.title = `${time.dateTime.slice(0, 19).replace('T', ' ')} UTC`;
      time.textContent = (today || clock.second)
        ? then.toLocaleTimeString('en', clock)
        : then.toLocaleString('en', { day: 'numeric', month: 'short', ...clock });
      time.removeAttribute('data-local');
    });
    const zone = document.getElementById('zone');
    if (zone && zone.textContent !== 'local time') zone.textContent = 'local time';
  }

  function follow(page) {
    const lamp = document.getElementById('lamp');
    const types = ['state', 'stage', 'block', 'linear', 'reason', 'log', 'reset'];
    // One refresh at a time, at most about two a second however many events arrive.
    let timer = null;
    let busy = false;
    let again = false;

    const refresh = () => {
      timer = null;
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      const { after, blocks, scale } = document.getElementById('cursor').dataset;
      htmx
        .ajax('GET', `${page.dataset.live}?after=${after}&blocks=${blocks}&scale=${scale}`, { source: page, swap: 'none' })
        .finally(() => {
          busy = false;
          document.title = `${document.getElementById('cursor').dataset.title} · Quern`;
          trim();
          if (again) {
            again = false;
            soon();
          }
        });
    };
    // A page that stays open for days keeps the newest events only.
    const trim = () => {
      const log = document.getElementById('events');
      while (log.children.length > 200) log.lastElementChild.remove();
    };
    const soon = () => {
      if (timer === null) timer = setTimeout(refresh, 400);
    };

    const source = new EventSource(`${page.dataset.events}?after=${document.getElementById('cursor').dataset.after}`);
    source.onopen = () => lit(true);
    source.onerror = () => lit(false);
    types.forEach((type) => source.addEventListener(type, soon));
    // Percentage and remaining time move between events.
    const ticker = setInterval(() => {
      if (source.readyState === EventSource.CLOSED) {
        clearInterval(ticker);
      } else if (document.visibilityState === 'visible') {
        soon();
      }
    }, 3000);

    function lit(on) {
      lamp.classList.toggle('on', on);
      lamp.lastElementChild.textContent = on ? 'live' : source.readyState === EventSource.CLOSED ? 'final' : 'reconnecting';
    }
  }

  // Names the cell under the pointer, or the one that the arrow keys reached.
  function readout() {
    const output = document.getElementById('readout');
    if (!output) return;
    let at = null;
    const show = (cell) => {
      if (at) at.classList.remove('at');
      at = cell;
      if (cell) cell.classList.add('at');
      output.textContent = cell ? cell.title : output.dataset.hint;
    };
    const cellAt = (row, column) => document.getElementById('board')?.tBodies[0].rows[row]?.cells[column];
    document.addEventListener('pointerover', (event) => {
      const cell = event.target.closest?.('#board td');
      if (cell) show(cell);
    });
    document.addEventListener('focusin', (event) => {
      if (event.target.id === 'board-box') show(at?.isConnected ? at : cellAt(0, 1));
    });
    document.addEventListener('keydown', (event) => {
      if (event.target.id !== 'board-box' || !event.key.startsWith('Arrow')) return;
      event.preventDefault();
      const here = at?.isConnected ? at : cellAt(0, 1);
      if (!here) return;
      const row = here.parentElement.sectionRowIndex;
      const column = here.cellIndex;
      // On a wide screen the table lies on its side: blocks run to the right.
      const side = getComputedStyle(here.parentElement).display === 'flex';
      const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      const next = side ? cellAt(row + right, column + down) : cellAt(row + down, column + right);
      if (next?.tagName === 'TD') show(next);
    });
  }
})();
