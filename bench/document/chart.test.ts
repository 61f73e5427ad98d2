import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barChart, lineChart } from './chart.ts';

test('a line chart puts its points where its axes say', () => {
  const svg = lineChart({
    title: 'a < b & c',
    x: 'routes',
    y: 'ms',
    series: [
      {
        name: 'one',
        points: [
          [0, 0],
          [100, 50],
        ],
      },
    ],
    limits: [{ name: 'goal', y: 100 }],
  });
  assert.match(svg, /a &lt; b &amp; c/);
  // From the lower left corner to the right edge, half way up: the limit is the top.
  assert.match(svg, /<polyline points="64\.0,312\.0 570\.0,178\.0"/);
  assert.match(svg, />goal<\/text>/);
});

test('bars are as long as their logarithms, and nothing is not drawn as something', () => {
  const svg = barChart({
    title: 't',
    unit: 'ms',
    bars: [
      { name: 'a', value: 1, group: 'x' },
      { name: 'b', value: 10, group: 'x' },
      { name: 'c', value: 100, group: 'y' },
      { name: 'd', value: 0, group: 'y' },
    ],
  });
  const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map((match) =>
    Number(match[1]),
  );
  const [one = 0, ten = 0, hundred = 0, none = 0] = widths;
  assert.ok(Math.abs(hundred - ten - (ten - one)) < 2);
  assert.equal(none, 1);
  assert.match(svg, />100 ms<\/text>/);
});
