// Pairs of the kind that exercises and interviews ask for, over tables with hardly a constraint.

export const SCHEMA = `
CREATE TABLE worker (id int, name text, salary int, manager_id int, team_id int);
CREATE TABLE team (id int, name text, budget int);
CREATE TABLE login (player_id int, device int, day date, games int);
CREATE TABLE trip (id int, client_id int, driver_id int, city int, status text, day date);
CREATE TABLE person (id int, banned text, role text);
CREATE TABLE seat (id int, free boolean);
CREATE TABLE log (id int, num int);
CREATE TABLE follower (user_id int, follower_id int);
CREATE TABLE price (product int, since date, until date, price int);
CREATE TABLE sold (product int, day date, units int);
CREATE TABLE node (id int, parent int);
CREATE TABLE vote (voter text, candidate text);
CREATE TABLE score (id int, score numeric(3, 2));
CREATE TABLE queue (person_id int, name text, weight int, turn int);
`;

export const DIFFERENT = [
  [
    'top salary of each team',
    'SELECT t.name, w.name, w.salary FROM worker w JOIN team t ON t.id = w.team_id WHERE (w.team_id, w.salary) IN (SELECT team_id, max(salary) FROM worker GROUP BY team_id)',
    'SELECT t.name, w.name, w.salary FROM worker w JOIN team t ON t.id = w.team_id WHERE w.salary IN (SELECT max(salary) FROM worker GROUP BY team_id)',
  ],
  [
    'second salary, or none',
    'SELECT (SELECT DISTINCT salary FROM worker ORDER BY salary DESC LIMIT 1 OFFSET 1) AS s',
    'SELECT DISTINCT salary AS s FROM worker ORDER BY salary DESC LIMIT 1 OFFSET 1',
  ],
  [
    'second salary with NULL',
    'SELECT max(salary) FROM worker WHERE salary < (SELECT max(salary) FROM worker)',
    'SELECT (SELECT DISTINCT salary FROM worker ORDER BY salary DESC LIMIT 1 OFFSET 1)',
  ],
  [
    'earn more than their manager',
    'SELECT w.name FROM worker w JOIN worker m ON m.id = w.manager_id WHERE w.salary > m.salary',
    'SELECT w.name FROM worker w WHERE w.salary > (SELECT max(m.salary) FROM worker m WHERE m.id = w.manager_id)',
  ],
  [
    'managers of five',
    'SELECT m.name FROM worker m JOIN worker w ON w.manager_id = m.id GROUP BY m.id, m.name HAVING count(*) >= 5',
    'SELECT name FROM worker WHERE id IN (SELECT manager_id FROM worker GROUP BY manager_id HAVING count(*) >= 5)',
  ],
  [
    'teams without workers',
    'SELECT name FROM team WHERE id NOT IN (SELECT team_id FROM worker)',
    'SELECT t.name FROM team t WHERE NOT EXISTS (SELECT 1 FROM worker w WHERE w.team_id = t.id)',
  ],
  [
    'first login of each',
    'SELECT player_id, min(day) FROM login GROUP BY player_id',
    'SELECT player_id, day FROM (SELECT player_id, day, row_number() OVER (PARTITION BY player_id ORDER BY day DESC) AS n FROM login) t WHERE n = 1',
  ],
  [
    'device of the first login',
    'SELECT player_id, device FROM login l WHERE day = (SELECT min(day) FROM login i WHERE i.player_id = l.player_id)',
    'SELECT DISTINCT ON (player_id) player_id, device FROM login ORDER BY player_id, day',
  ],
  [
    'again the day after the first',
    'SELECT count(DISTINCT l.player_id) FROM login l JOIN (SELECT player_id, min(day) AS first FROM login GROUP BY player_id) f ON f.player_id = l.player_id AND l.day = f.first + 1',
    'SELECT count(DISTINCT a.player_id) FROM login a JOIN login b ON b.player_id = a.player_id AND b.day = a.day + 1',
  ],
  [
    'games so far',
    'SELECT player_id, day, sum(games) OVER (PARTITION BY player_id ORDER BY day) FROM login',
    'SELECT a.player_id, a.day, sum(b.games) FROM login a JOIN login b ON b.player_id = a.player_id AND b.day <= a.day GROUP BY a.player_id, a.day',
  ],
  [
    'cancelled by day',
    "SELECT t.day, round(avg(CASE WHEN t.status <> 'done' THEN 1.0 ELSE 0 END), 2) FROM trip t JOIN person c ON c.id = t.client_id AND c.banned = 'No' JOIN person d ON d.id = t.driver_id AND d.banned = 'No' WHERE t.day BETWEEN '2013-10-01' AND '2013-10-03' GROUP BY t.day",
    "SELECT t.day, round(avg(CASE WHEN t.status <> 'done' THEN 1.0 ELSE 0 END), 2) FROM trip t JOIN person c ON c.id = t.client_id AND c.banned = 'No' WHERE t.day BETWEEN '2013-10-01' AND '2013-10-03' GROUP BY t.day",
  ],
  [
    'cancelled by day, by either',
    "SELECT day, count(*) FROM trip WHERE client_id NOT IN (SELECT id FROM person WHERE banned = 'Yes') AND driver_id NOT IN (SELECT id FROM person WHERE banned = 'Yes') GROUP BY day",
    "SELECT day, count(*) FROM trip WHERE NOT (client_id IN (SELECT id FROM person WHERE banned = 'Yes') AND driver_id IN (SELECT id FROM person WHERE banned = 'Yes')) GROUP BY day",
  ],
  [
    'two free seats beside each other',
    'SELECT DISTINCT a.id FROM seat a JOIN seat b ON abs(a.id - b.id) = 1 AND a.free AND b.free',
    'SELECT DISTINCT a.id FROM seat a JOIN seat b ON a.id - b.id = 1 AND a.free AND b.free',
  ],
  [
    'three in a row',
    'SELECT DISTINCT a.num FROM log a JOIN log b ON b.id = a.id + 1 AND b.num = a.num JOIN log c ON c.id = a.id + 2 AND c.num = a.num',
    'SELECT DISTINCT num FROM (SELECT num, lead(num) OVER (ORDER BY id) AS b, lead(num, 2) OVER (ORDER BY id) AS c FROM log) t WHERE num = b AND num = c',
  ],
  [
    'islands by difference',
    'SELECT num, count(*) FROM (SELECT num, id - row_number() OVER (PARTITION BY num ORDER BY id) AS g FROM log) t GROUP BY num, g HAVING count(*) >= 3',
    'SELECT num, count(*) FROM log GROUP BY num HAVING count(*) >= 3',
  ],
  [
    'seats swapped',
    'SELECT CASE WHEN id % 2 = 1 AND id = (SELECT max(id) FROM seat) THEN id WHEN id % 2 = 1 THEN id + 1 ELSE id - 1 END AS id, free FROM seat',
    'SELECT CASE WHEN id % 2 = 1 THEN id + 1 ELSE id - 1 END AS id, free FROM seat',
  ],
  [
    'followers of followers',
    'SELECT f.user_id, count(DISTINCT g.follower_id) FROM follower f JOIN follower g ON g.user_id = f.follower_id GROUP BY f.user_id',
    'SELECT f.user_id, count(g.follower_id) FROM follower f JOIN follower g ON g.user_id = f.follower_id GROUP BY f.user_id',
  ],
  [
    'followed each other',
    'SELECT a.user_id, a.follower_id FROM follower a JOIN follower b ON b.user_id = a.follower_id AND b.follower_id = a.user_id WHERE a.user_id < a.follower_id',
    'SELECT a.user_id, a.follower_id FROM follower a JOIN follower b ON b.user_id = a.follower_id AND b.follower_id = a.user_id WHERE a.user_id <> a.follower_id',
  ],
  [
    'average price of units',
    'SELECT p.product, round(sum(p.price * s.units) / sum(s.units)::numeric, 2) FROM price p JOIN sold s ON s.product = p.product AND s.day BETWEEN p.since AND p.until GROUP BY p.product',
    'SELECT p.product, round(avg(p.price), 2) FROM price p JOIN sold s ON s.product = p.product AND s.day BETWEEN p.since AND p.until GROUP BY p.product',
  ],
  [
    'average price of what was not sold',
    'SELECT p.product, coalesce(round(sum(p.price * s.units) / sum(s.units)::numeric, 2), 0) FROM price p LEFT JOIN sold s ON s.product = p.product AND s.day BETWEEN p.since AND p.until GROUP BY p.product',
    'SELECT p.product, coalesce(round(sum(p.price * s.units) / sum(s.units)::numeric, 2), 0) FROM price p LEFT JOIN sold s ON s.product = p.product WHERE s.day BETWEEN p.since AND p.until GROUP BY p.product',
  ],
  [
    'only sold in a quarter',
    "SELECT product FROM sold GROUP BY product HAVING min(day) >= '2019-01-01' AND max(day) <= '2019-03-31'",
    "SELECT DISTINCT product FROM sold WHERE day BETWEEN '2019-01-01' AND '2019-03-31'",
  ],
  [
    'price on a day',
    "SELECT DISTINCT ON (product) product, price FROM price WHERE since <= '2019-08-16' ORDER BY product, since DESC",
    "SELECT product, max(price) FROM price WHERE since <= '2019-08-16' GROUP BY product",
  ],
  [
    'price of what had none yet',
    "SELECT product, 10 FROM price GROUP BY product HAVING min(since) > '2019-08-16'",
    "SELECT DISTINCT product, 10 FROM price WHERE since > '2019-08-16'",
  ],
  [
    'kinds of nodes',
    "SELECT id, CASE WHEN parent IS NULL THEN 'root' WHEN id IN (SELECT parent FROM node) THEN 'inner' ELSE 'leaf' END FROM node",
    "SELECT id, CASE WHEN parent IS NULL THEN 'root' WHEN id NOT IN (SELECT parent FROM node) THEN 'leaf' ELSE 'inner' END FROM node",
  ],
  [
    'winner of a vote',
    'SELECT candidate FROM vote WHERE candidate IS NOT NULL GROUP BY candidate HAVING count(*) = (SELECT max(n) FROM (SELECT count(*) AS n FROM vote WHERE candidate IS NOT NULL GROUP BY candidate) t)',
    'SELECT candidate FROM vote GROUP BY candidate HAVING count(*) = (SELECT max(n) FROM (SELECT count(*) AS n FROM vote GROUP BY candidate) t)',
  ],
  [
    'a vote shared by all that one voted for',
    'SELECT v.candidate, sum(1.0 / t.n) FROM vote v JOIN (SELECT voter, count(candidate) AS n FROM vote GROUP BY voter) t ON t.voter = v.voter WHERE v.candidate IS NOT NULL GROUP BY v.candidate',
    'SELECT v.candidate, sum(1.0 / t.n) FROM vote v JOIN (SELECT voter, count(*) AS n FROM vote GROUP BY voter) t ON t.voter = v.voter WHERE v.candidate IS NOT NULL GROUP BY v.candidate',
  ],
  [
    'ranks without gaps',
    'SELECT score, dense_rank() OVER (ORDER BY score DESC) FROM score',
    'SELECT s.score, (SELECT count(*) FROM score i WHERE i.score >= s.score) FROM score s',
  ],
  [
    'the last to fit',
    'SELECT name FROM (SELECT name, turn, sum(weight) OVER (ORDER BY turn) AS total FROM queue) t WHERE total <= 1000 ORDER BY turn DESC LIMIT 1',
    'SELECT name FROM (SELECT name, turn, sum(weight) OVER (ORDER BY turn) AS total FROM queue) t WHERE total < 1000 ORDER BY turn DESC LIMIT 1',
  ],
  [
    'a third of a month',
    'SELECT count(*) FROM login WHERE extract(day FROM day) <= 10',
    'SELECT count(*) FROM login WHERE extract(day FROM day) < 10',
  ],
  [
    'average of days that were missed',
    'SELECT avg(n) FROM (SELECT player_id, count(DISTINCT day) AS n FROM login GROUP BY player_id) t',
    'SELECT count(DISTINCT (player_id, day))::numeric / count(DISTINCT player_id) FROM login',
  ],
  [
    'nodes under one, with a cycle',
    'WITH RECURSIVE t AS (SELECT id FROM node WHERE id = 1 UNION SELECT n.id FROM node n JOIN t ON n.parent = t.id) SELECT id FROM t',
    'SELECT id FROM node WHERE id = 1 UNION SELECT n.id FROM node n WHERE n.parent = 1 UNION SELECT c.id FROM node n JOIN node c ON c.parent = n.id WHERE n.parent = 1',
  ],
  [
    'median by ranks',
    'SELECT avg(num) FROM (SELECT num, row_number() OVER (ORDER BY num) AS up, count(*) OVER () AS n FROM log WHERE num IS NOT NULL) t WHERE up IN ((n + 1) / 2, (n + 2) / 2)',
    'SELECT avg(num) FROM (SELECT num, row_number() OVER (ORDER BY num) AS up, count(*) OVER () AS n FROM log WHERE num IS NOT NULL) t WHERE up = (n + 1) / 2',
  ],
  [
    'once only',
    'SELECT max(num) FROM (SELECT num FROM log GROUP BY num HAVING count(*) = 1) t',
    'SELECT num FROM log GROUP BY num HAVING count(*) = 1 ORDER BY num DESC LIMIT 1',
  ],
  [
    'all products',
    'SELECT l.id FROM log l GROUP BY l.id HAVING count(DISTINCT l.num) = (SELECT count(*) FROM team)',
    'SELECT l.id FROM log l GROUP BY l.id HAVING count(DISTINCT l.num) = (SELECT count(DISTINCT id) FROM team)',
  ],
  [
    'pairs of equal salaries',
    'SELECT a.name, b.name FROM worker a JOIN worker b ON a.salary = b.salary AND a.id < b.id',
    'SELECT a.name, b.name FROM worker a JOIN worker b ON a.salary IS NOT DISTINCT FROM b.salary AND a.id < b.id',
  ],
  [
    'same budget as another team',
    'SELECT name FROM team WHERE budget IN (SELECT budget FROM team GROUP BY budget HAVING count(*) > 1)',
    'SELECT a.name FROM team a JOIN team b ON b.budget = a.budget AND b.id <> a.id',
  ],
  [
    'share of the team',
    'SELECT name, salary * 100 / sum(salary) OVER (PARTITION BY team_id) FROM worker WHERE salary > 0',
    'SELECT name, 100 * (salary / sum(salary) OVER (PARTITION BY team_id)) FROM worker WHERE salary > 0',
  ],
  [
    'cut before the window',
    "SELECT name, n FROM (SELECT name, team_id, row_number() OVER (PARTITION BY team_id ORDER BY salary DESC, id) AS n FROM worker) t WHERE n <= 2 AND name LIKE 'M%'",
    "SELECT name, n FROM (SELECT name, team_id, row_number() OVER (PARTITION BY team_id ORDER BY salary DESC, id) AS n FROM worker WHERE name LIKE 'M%') t WHERE n <= 2",
  ],
  [
    'a condition of the partition',
    'SELECT name, n FROM (SELECT name, salary, count(*) OVER (PARTITION BY team_id) AS n FROM worker) t WHERE salary > 1000',
    'SELECT name, count(*) OVER (PARTITION BY team_id) AS n FROM worker WHERE salary > 1000',
  ],
  [
    'the row before within a player',
    'SELECT player_id, day, day - lag(day) OVER (PARTITION BY player_id ORDER BY day) FROM login',
    'SELECT a.player_id, a.day, a.day - max(b.day) FROM login a LEFT JOIN login b ON b.player_id = a.player_id AND b.day < a.day GROUP BY a.player_id, a.day',
  ],
  [
    'filled forward',
    'SELECT id, coalesce(num, lag(num) OVER (ORDER BY id)) FROM log',
    'SELECT l.id, coalesce(l.num, (SELECT i.num FROM log i WHERE i.id < l.id AND i.num IS NOT NULL ORDER BY i.id DESC LIMIT 1)) FROM log l',
  ],
  [
    'the best with ties',
    'SELECT name, salary FROM worker ORDER BY salary DESC NULLS LAST FETCH FIRST 2 ROWS WITH TIES',
    'SELECT name, salary FROM worker ORDER BY salary DESC NULLS LAST LIMIT 2',
  ],
  [
    'nothing is not empty',
    "SELECT count(*) FROM person WHERE role <> ''",
    'SELECT count(*) FROM person WHERE role IS NOT NULL',
  ],
  [
    'either of two unknowns',
    'SELECT id FROM person WHERE NOT (banned = role)',
    'SELECT id FROM person WHERE banned IS DISTINCT FROM role',
  ],
];

export const EQUAL = [
  [
    'top salary by a window',
    'SELECT name, salary FROM worker w WHERE salary = (SELECT max(salary) FROM worker i WHERE i.team_id = w.team_id)',
    'SELECT name, salary FROM (SELECT name, salary, team_id, rank() OVER (PARTITION BY team_id ORDER BY salary DESC NULLS LAST) AS r FROM worker) t WHERE r = 1 AND salary IS NOT NULL AND team_id IS NOT NULL',
  ],
  [
    'second salary of those that have one',
    'SELECT max(salary) FROM worker WHERE salary < (SELECT max(salary) FROM worker)',
    'SELECT (SELECT DISTINCT salary FROM worker WHERE salary IS NOT NULL ORDER BY salary DESC LIMIT 1 OFFSET 1)',
  ],
  [
    'teams without workers, NULLs left out',
    'SELECT name FROM team WHERE id NOT IN (SELECT team_id FROM worker WHERE team_id IS NOT NULL) AND id IS NOT NULL',
    'SELECT t.name FROM team t WHERE t.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM worker w WHERE w.team_id = t.id)',
  ],
  [
    'first login by a window',
    'SELECT player_id, min(day) FROM login GROUP BY player_id',
    'SELECT player_id, day FROM (SELECT player_id, day, row_number() OVER (PARTITION BY player_id ORDER BY day NULLS LAST) AS n FROM login) t WHERE n = 1',
  ],
  [
    'games so far by a frame',
    'SELECT player_id, day, sum(games) OVER (PARTITION BY player_id ORDER BY day) FROM login',
    'SELECT player_id, day, sum(games) OVER (PARTITION BY player_id ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM login',
  ],
  [
    'ranks by counting',
    'SELECT score, dense_rank() OVER (ORDER BY score DESC) FROM score WHERE score IS NOT NULL',
    'SELECT s.score, (SELECT count(DISTINCT i.score) FROM score i WHERE i.score >= s.score) FROM score s WHERE s.score IS NOT NULL',
  ],
  [
    'followed each other, once',
    'SELECT DISTINCT a.user_id, a.follower_id FROM follower a JOIN follower b ON b.user_id = a.follower_id AND b.follower_id = a.user_id WHERE a.user_id < a.follower_id',
    'SELECT DISTINCT least(a.user_id, a.follower_id), greatest(a.user_id, a.follower_id) FROM follower a JOIN follower b ON b.user_id = a.follower_id AND b.follower_id = a.user_id WHERE a.user_id <> a.follower_id',
  ],
  [
    'seats by both sides',
    'SELECT DISTINCT a.id FROM seat a JOIN seat b ON abs(a.id - b.id) = 1 AND a.free AND b.free',
    'SELECT DISTINCT a.id FROM seat a JOIN seat b ON (a.id - b.id = 1 OR b.id - a.id = 1) AND a.free AND b.free',
  ],
  [
    'only sold in a quarter by EXCEPT',
    "SELECT product FROM sold GROUP BY product HAVING min(day) >= '2019-01-01' AND max(day) <= '2019-03-31'",
    "SELECT product FROM sold WHERE day BETWEEN '2019-01-01' AND '2019-03-31' EXCEPT SELECT product FROM sold WHERE day < '2019-01-01' OR day > '2019-03-31'",
  ],
  [
    'price of what had none yet by NOT EXISTS',
    "SELECT product FROM price GROUP BY product HAVING min(since) > '2019-08-16'",
    "SELECT DISTINCT p.product FROM price p WHERE p.since > '2019-08-16' AND NOT EXISTS (SELECT 1 FROM price i WHERE i.product IS NOT DISTINCT FROM p.product AND i.since <= '2019-08-16')",
  ],
  [
    'a condition of the partition stays',
    'SELECT name, n FROM (SELECT name, team_id, count(*) OVER (PARTITION BY team_id) AS n FROM worker) t WHERE team_id = 3',
    'SELECT name, count(*) OVER (PARTITION BY team_id) AS n FROM worker WHERE team_id = 3',
  ],
  [
    'the best with ties by rank',
    'SELECT name, salary FROM worker ORDER BY salary DESC NULLS LAST FETCH FIRST 2 ROWS WITH TIES',
    'SELECT name, salary FROM (SELECT name, salary, rank() OVER (ORDER BY salary DESC NULLS LAST) AS r FROM worker) t WHERE r <= 2 ORDER BY salary DESC NULLS LAST',
  ],
  [
    'the last to fit by its turn',
    'SELECT max(turn) FROM (SELECT turn, sum(weight) OVER (ORDER BY turn) AS total FROM queue) t WHERE total <= 1000',
    'SELECT max(q.turn) FROM queue q WHERE (SELECT sum(i.weight) FROM queue i WHERE i.turn <= q.turn) <= 1000',
  ],
  [
    'a vote of those that voted',
    'SELECT candidate, count(*) FROM vote WHERE candidate IS NOT NULL GROUP BY candidate',
    'SELECT candidate, count(candidate) FROM vote GROUP BY candidate HAVING candidate IS NOT NULL',
  ],
  [
    'more than one of a budget',
    'SELECT name FROM team WHERE budget IN (SELECT budget FROM team GROUP BY budget HAVING count(*) > 1)',
    'SELECT name FROM (SELECT name, budget, count(*) OVER (PARTITION BY budget) AS n FROM team) t WHERE n > 1 AND budget IS NOT NULL',
  ],
];
