-- A film database: 6 small tables of kinds, works, people, firms, keywords, and what binds them; 21 tables, about 1.8 million rows. The same rows each time.
CREATE FUNCTION part(seed bigint, salt int, most int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN abs(hashint8extended(seed, salt) % most)::int;
-- As part(), with small numbers the more often the steeper.
CREATE FUNCTION skewed(seed bigint, salt int, most int, steep float8) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN floor(most * power(part(seed, salt, 1000000) / 1000000.0::float8, steep))::int;
-- A made-up name of two or three syllables in one of five tongues.
CREATE FUNCTION spoken(seed bigint, salt int, tongue int) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN initcap((ARRAY['ash', 'bram', 'crow', 'dun', 'el', 'far', 'hal', 'lin', 'mar', 'nor', 'thorn', 'win', 'al', 'bel', 'cor', 'du', 'fio', 'gia', 'lu', 'mon', 'pel', 'ro', 'sal', 'vi', 'berg', 'drei', 'eich', 'fal', 'gro', 'hein', 'kra', 'lor', 'mei', 'rot', 'stei', 'wal', 'a', 'ha', 'hi', 'ka', 'ko', 'mi', 'na', 'o', 'sa', 'ta', 'to', 'yu', 'am', 'bha', 'cha', 'dev', 'gau', 'ja', 'ki', 'ma', 'pra', 'ra', 'su', 'vi'])[1 + tongue * 12 + part(seed, salt, 12)]
    || (ARRAY['ton', 'ley', 'ford', 'er', 'man', 'by', 'wood', 'field', 'son', 'low', 'den', 'wick', 'lini', 'ret', 'tina', 'nard', 'santi', 'relle', 'vesco', 'mon', 'nier', 'tello', 'za', 'gnac', 'mann', 'ler', 'bach', 'stedt', 'hoff', 'ner', 'wig', 'rich', 'lein', 'sen', 'brecht', 'heim', 'moto', 'yama', 'shiro', 'kawa', 'mura', 'da', 'ri', 'saki', 'no', 'zawa', 'hira', 'ne', 'nath', 'kar', 'deep', 'esh', 'an', 'wati', 'raj', 'ini', 'mohan', 'preet', 'tya', 'lal'])[1 + tongue * 12 + skewed(seed, salt + 1, 12, 1.4)]
    || CASE WHEN part(seed, salt + 2, 3) = 0 THEN (ARRAY['s', 'e', 'ing', 'a', 'o', 'i'])[1 + part(seed, salt + 3, 6)] ELSE '' END);
-- People, firms and works come in 20 circles: 8 of them American, the last of the countries that are seldom met.
CREATE FUNCTION tongue_of(circle int) RETURNS int LANGUAGE sql IMMUTABLE RETURN (ARRAY[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 1, 2])[1 + circle];
-- The number of a country: 0 to 6 by circle, else 7 to 21.
CREATE FUNCTION country_of(circle int, seed bigint) RETURNS int LANGUAGE sql IMMUTABLE RETURN CASE WHEN circle < 8 THEN 0 WHEN circle < 18 THEN circle / 2 - 3 WHEN circle = 18 THEN 6 ELSE 7 + skewed(seed, 1, 15, 1.5) END;
CREATE FUNCTION country_name(country int) RETURNS text LANGUAGE sql IMMUTABLE RETURN (ARRAY['United States', 'United Kingdom', 'France', 'Germany', 'Japan', 'India', 'Italy', 'Spain', 'Canada', 'Sweden', 'Denmark', 'Poland', 'Brazil', 'Mexico', 'Argentina', 'Finland', 'Norway', 'Hungary', 'Greece', 'Portugal', 'Turkey', 'Iceland'])[1 + country];
CREATE FUNCTION language_name(country int) RETURNS text LANGUAGE sql IMMUTABLE RETURN (ARRAY['English', 'English', 'French', 'German', 'Japanese', 'Hindi', 'Italian', 'Spanish', 'English', 'Swedish', 'Danish', 'Polish', 'Portuguese', 'Spanish', 'Spanish', 'Finnish', 'Norwegian', 'Hungarian', 'Greek', 'Portuguese', 'Turkish', 'Icelandic'])[1 + country];
CREATE FUNCTION gender_of(rank bigint) RETURNS text LANGUAGE sql IMMUTABLE RETURN (ARRAY['m', 'm', 'm', 'm', 'm', 'm', 'm', 'm', 'm', 'm', 'f', 'f', 'f', 'f', 'f', 'f', NULL, NULL, NULL])[1 + part(rank, 2, 19)];

CREATE TABLE work_kind (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO work_kind SELECT n, (ARRAY['feature', 'series', 'episode', 'short', 'video', 'tv special', 'game'])[n] FROM generate_series(1, 7) AS n;

CREATE TABLE firm_kind (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO firm_kind SELECT n, (ARRAY['producers', 'distributors', 'effects houses', 'other firms'])[n] FROM generate_series(1, 4) AS n;

CREATE TABLE job (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO job SELECT n, (ARRAY['actor', 'actress', 'producer', 'writer', 'director', 'camera', 'editor', 'composer', 'costumes', 'sets', 'crew', 'guest'])[n] FROM generate_series(1, 12) AS n;

CREATE TABLE link_kind (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO link_kind SELECT n, (ARRAY['follows', 'followed by', 'remakes', 'remade as', 'quotes', 'quoted in', 'mocks', 'mocked in', 'shows', 'shown in', 'spun off from', 'spun off into', 'edited from', 'edited into', 'other version of', 'similar to'])[n] FROM generate_series(1, 16) AS n;

CREATE TABLE fact_kind (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO fact_kind SELECT n, coalesce((ARRAY['genre', 'language', 'country', 'running time', 'release', 'colour', 'certificate', 'tagline', 'sound', 'budget', 'trivia', 'place of shooting', 'rating', 'votes', 'spread of votes', 'rank from the top', 'rank from the bottom', 'born on', 'born in', 'height', 'biography', 'anecdote', 'spouse', 'nickname'])[n], 'fact ' || n) FROM generate_series(1, 70) AS n;

CREATE TABLE completeness_kind (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO completeness_kind SELECT n, (ARRAY['cast', 'crew', 'complete', 'complete and checked'])[n] FROM generate_series(1, 4) AS n;

-- What the rows of a work are made from: its circle, era, genre and fame govern people, firms, keywords and facts.
CREATE TEMP TABLE own AS
SELECT n AS id, k AS kind, c AS circle, CASE WHEN k = 1 AND c = 18 THEN 1950 + part(n, 10, 20) + part(n, 11, 25) WHEN k = 1 THEN 2023 - skewed(n, 12, 112, 1.6) WHEN k = 2 THEN 2022 - skewed(n, 13, 66, 1.5) WHEN k = 4 THEN 2023 - skewed(n, 14, 115, 1.8) WHEN k = 5 THEN 2019 - skewed(n, 15, 40, 1.3) WHEN k = 6 THEN 2023 - skewed(n, 16, 60, 1.6) ELSE 2023 - skewed(n, 17, 38, 1.5) END AS year,
       power(part(n, 18, 1000000) / 1000000.0::float8, 3) * (ARRAY[1, 0.9, 0.4, 0.35, 0.35, 0.3, 0.8])[k] * CASE WHEN c < 10 THEN 1 ELSE 0.75 END AS fame
FROM generate_series(1, 78000) AS n, LATERAL (SELECT part(n, 19, 1000) AS u, CASE WHEN part(n, 20, 3) = 0 THEN skewed(n, 21, 10, 1.5) ELSE part(n, 22, 20) END AS c OFFSET 0) AS drawn, LATERAL (SELECT CASE WHEN u < 280 THEN 1 WHEN u < 340 THEN 2 WHEN u < 760 THEN 3 WHEN u < 860 THEN 4 WHEN u < 945 THEN 5 WHEN u < 988 THEN 6 ELSE 7 END AS k) AS kinds;
CREATE TEMP TABLE serial AS SELECT row_number() OVER (ORDER BY fame DESC, id) AS place, id, circle, year, fame FROM own WHERE kind = 2;
CREATE TEMP TABLE shape AS
SELECT o.id, o.kind, coalesce(s.circle, o.circle) AS circle, s.id AS series_id, CASE WHEN o.kind = 3 THEN 1 + skewed(o.id, 23, least(12, 2024 - s.year), 1.5) END AS season, CASE WHEN o.kind = 3 THEN 1 + part(o.id, 24, 24) END AS episode,
       coalesce(s.year, o.year) AS begun, CASE WHEN part(o.id, 25, 50) > 0 THEN coalesce(s.year + skewed(o.id, 23, least(12, 2024 - s.year), 1.5), o.year) END AS year, CASE WHEN o.kind = 3 THEN s.fame * 0.6 * (0.5 + part(o.id, 26, 500) / 1000.0) ELSE o.fame END AS fame,
       NULL::int AS era, NULL::int AS genre, false AS sequel
FROM own o LEFT JOIN serial s ON o.kind = 3 AND s.place = 1 + skewed(o.id, 27, (SELECT max(place) FROM serial)::int, 2.4);
CREATE TEMP TABLE made AS
SELECT id, kind, circle, series_id, season, episode, year, fame, CASE WHEN begun < 1930 THEN 0 WHEN begun < 1950 THEN 1 WHEN begun < 1965 THEN 2 WHEN begun < 1980 THEN 3 WHEN begun < 1992 THEN 4 WHEN begun < 2003 THEN 5 WHEN begun < 2013 THEN 6 ELSE 7 END AS era,
       CASE WHEN circle IN (14, 15) AND part(root, 30, 3) = 0 THEN 10 WHEN circle IN (16, 17) AND part(root, 30, 3) = 0 THEN 12 WHEN begun < 1972 AND circle IN (0, 1, 2, 18) AND part(root, 31, 5) = 0 THEN 13 WHEN kind = 7 THEN (ARRAY[5, 9, 11])[1 + part(root, 32, 3)] WHEN kind IN (4, 6) AND part(root, 33, 3) = 0 THEN 2 ELSE skewed(root, 34, 13, 1.6) END AS genre,
       kind IN (1, 5, 7) AND fame > 0.1 AND part(id, 35, 5) = 0 AS sequel, country_of(circle, root) AS country
FROM shape, LATERAL (SELECT coalesce(series_id, id) AS root) AS rooted;
ANALYZE made;

CREATE TABLE work (id int PRIMARY KEY, title text NOT NULL, kind_id int NOT NULL, year int, series_id int, season int, episode int, years text, sound text, digest text NOT NULL);
INSERT INTO work
SELECT id, title, kind, year, series_id, season, episode, CASE WHEN kind = 2 THEN year || '-' || CASE WHEN part(id, 40, 4) > 0 THEN (year + skewed(id, 41, 20, 2))::text ELSE '' END END, upper(substr(title, 1, 1)) || lpad(part(hashtext(title), 42, 700)::text, 3, '0'), md5(title || id)
FROM made, LATERAL (SELECT tongue_of(circle) AS tongue, (ARRAY['Heart', 'Promise', 'Silence', 'Mother', 'Winter', 'Letter', 'Wedding', 'Neighbour', 'Holiday', 'Uncle', 'Office', 'Dog', 'River', 'City', 'Century', 'Island', 'Workers', 'Voices', 'Stranger', 'Witness', 'Night', 'Secret', 'Shadow', 'Deadline', 'Love', 'Kiss', 'Summer', 'Bride', 'Garden', 'Moon', 'Fist', 'Steel', 'Mission', 'Fire', 'Agent', 'Blood', 'Blood', 'Grave', 'House', 'Dead', 'Scream', 'Night', 'Murder', 'Gun', 'Detective', 'Bank', 'Money', 'Street', 'Pony', 'Christmas', 'Friend', 'Dog', 'School', 'Bear', 'Treasure', 'Sea', 'Jungle', 'Mountain', 'Pirate', 'Kingdom', 'Robot', 'Dragon', 'Star', 'Magic', 'Rabbit', 'Forest', 'Planet', 'Robot', 'Star', 'Machine', 'Space', 'Signal', 'Song', 'Dance', 'Band', 'Concert', 'Melody', 'Voices', 'Trail', 'Gun', 'Sheriff', 'Valley', 'Horse', 'Gold'])[1 + genre * 6 + skewed(id, 43, 6, 1.4)] AS noun,
       (ARRAY['Last', 'Silent', 'Long', 'Broken', 'Golden', 'Lost', 'Dark', 'Little', 'Red', 'Hidden', 'Second', 'Burning', 'Cold', 'Distant', 'Empty', 'Wild', 'Blue', 'Forgotten', 'Great', 'Iron'])[1 + skewed(id, 44, 20, 1.3)] AS word OFFSET 0) AS words,
     LATERAL (SELECT CASE WHEN kind = 3 AND part(id, 45, 10) < 4 THEN '(#' || season || '.' || episode || ')' WHEN kind = 3 AND season = 1 AND episode = 1 THEN 'Pilot' WHEN tongue > 0 AND part(id, 46, 10) < 6 THEN spoken(id, 47, tongue) || ' ' || lower(spoken(id, 51, tongue))
       ELSE (ARRAY['The ' || word || ' ' || noun, noun || ' of ' || spoken(id, 55, tongue), word || ' ' || noun, 'My ' || noun, noun || ' and ' || word || ' ' || spoken(id, 55, tongue), 'A ' || noun || ' in ' || spoken(id, 55, tongue)])[1 + skewed(id, 59, 6, 1.2)] END || CASE WHEN sequel THEN (ARRAY[' II', ' III', ' 2', ' Returns'])[1 + skewed(id, 60, 4, 1.5)] ELSE '' END AS title OFFSET 0) AS titled
ORDER BY id;

CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, numeral text, gender text, name_code text, sound text NOT NULL, digest text NOT NULL);
INSERT INTO person
SELECT 1 + rank * 77773 % 160000, name, CASE WHEN part(rank, 70, 12) = 0 THEN (ARRAY['I', 'II', 'III', 'IV', 'V'])[1 + skewed(rank, 71, 5, 2)] END, gender_of(rank), CASE WHEN part(rank, 72, 8) > 0 THEN upper(substr(name, 1, 1)) || lpad(part(hashtext(name), 73, 5000)::text, 4, '0') END, upper(substr(name, 1, 1)) || lpad(part(hashtext(name), 74, 600)::text, 3, '0'), md5(name || rank)
FROM generate_series(0, 159999::bigint) AS rank, LATERAL (SELECT tongue_of(rank::int % 20) AS tongue OFFSET 0) AS spoke, LATERAL (SELECT spoken(rank, 75, tongue) || ', ' || spoken(part(rank, 79, 9000), 80, tongue) || CASE WHEN gender_of(rank) = 'f' THEN 'a' ELSE '' END AS name OFFSET 0) AS named
ORDER BY 1;

CREATE TABLE alias (id int PRIMARY KEY, person_id int NOT NULL, name text NOT NULL, numeral text, sound text NOT NULL, digest text NOT NULL);
INSERT INTO alias
SELECT row_number() OVER (ORDER BY p.id, n), p.id, a.name, CASE WHEN part(n, 90, 20) = 0 THEN 'I' END, upper(substr(a.name, 1, 1)) || lpad(part(hashtext(a.name), 74, 600)::text, 3, '0'), md5(a.name)
FROM generate_series(1, 38000) AS n JOIN person p ON p.id = 1 + (skewed(n, 91, 1000, 1.6) * 160::bigint + part(n, 92, 160)) * 77773 % 160000, LATERAL (SELECT (ARRAY[split_part(p.name, ', ', 2) || ' ' || split_part(p.name, ', ', 1), split_part(p.name, ', ', 1) || ', ' || substr(split_part(p.name, ', ', 2), 1, 1) || '.', spoken(n, 93, 0) || ', ' || split_part(p.name, ', ', 2), spoken(n, 97, part(n, 101, 5))])[1 + skewed(n, 102, 4, 1.3)] AS name) AS a;

CREATE TABLE figure (id int PRIMARY KEY, name text NOT NULL, numeral text, sound text, digest text NOT NULL);
INSERT INTO figure
SELECT n, name, CASE WHEN part(n, 110, 15) = 0 THEN 'I' END, upper(substr(name, 1, 1)) || lpad(part(hashtext(name), 111, 700)::text, 3, '0'), md5(name || n)
FROM generate_series(1, 110000) AS n, LATERAL (SELECT CASE WHEN n <= 60 THEN (ARRAY['Self', 'Narrator', 'Dancer', 'Policeman', 'Doctor', 'Nurse', 'Waiter', 'Waitress', 'Reporter', 'Host', 'Soldier', 'Student', 'Judge', 'Driver', 'Teacher', 'Priest', 'Singer', 'Guard', 'Mother', 'Father'])[1 + n % 20] || (ARRAY['', ' at Party', ' in Bar'])[1 + n / 21] ELSE (ARRAY['', '', '', 'Dr. ', 'Inspector ', 'Aunt ', 'Captain ', 'Queen ', 'Agent ', 'Young '])[1 + part(n, 112, 10)] || spoken(n, 113, part(n, 117, 5)) || CASE WHEN part(n, 118, 2) = 0 THEN ' ' || spoken(n, 119, part(n, 117, 5)) ELSE '' END END AS name OFFSET 0) AS named;

CREATE TABLE firm (id int PRIMARY KEY, name text NOT NULL, country text, sound text, name_code text);
INSERT INTO firm
SELECT 1 + n * 7919 % 12000, name, CASE WHEN part(n, 130, 16) > 0 THEN (ARRAY['us', 'gb', 'fr', 'de', 'jp', 'in', 'it', 'es', 'ca', 'se', 'dk', 'pl', 'br', 'mx', 'ar', 'fi', 'no', 'hu', 'gr', 'pt', 'tr', 'is'])[1 + country_of(n % 20, n)] END, upper(substr(name, 1, 1)) || lpad(part(hashtext(name), 131, 700)::text, 3, '0'), CASE WHEN part(n, 132, 3) > 0 THEN upper(substr(name, 1, 1)) || part(hashtext(name), 133, 60) END
FROM generate_series(0, 11999) AS n, LATERAL (SELECT tongue_of(n % 20) AS tongue OFFSET 0) AS spoke, LATERAL (SELECT spoken(n, 134, tongue) || (ARRAY[' Pictures', ' Films', ' Television', ' Home Video', ' Film Distribution', ' Productions', ' Broadcasting', ' Entertainment', ' Studios', ' Effects', ' Records', ' Film'])[1 + CASE WHEN n % 20 > 9 AND part(n, 138, 2) = 0 THEN 11 ELSE skewed(n, 139, 11, 1.3) END] || CASE WHEN part(n, 140, 8) = 0 THEN ' ' || (ARRAY['International', 'Group', 'Company', 'Worldwide'])[1 + part(n, 141, 4)] ELSE '' END AS name OFFSET 0) AS named
ORDER BY 1;

CREATE TABLE keyword (id int PRIMARY KEY, word text NOT NULL, sound text);
INSERT INTO keyword
SELECT 1 + n * 1999 % 6006, word, upper(substr(word, 1, 1)) || lpad(part(hashtext(word), 150, 700)::text, 3, '0')
FROM generate_series(0, 6005) AS n, LATERAL (SELECT coalesce((ARRAY['family-secret', 'wedding', 'interview', 'suspicion', 'love', 'fight', 'ghost', 'police', 'child', 'journey', 'talking-animal', 'spaceship', 'singing', 'outlaw', 'death', 'friendship', 'city-life', 'blood', 'kiss', 'explosion', 'zombie', 'murder', 'dog', 'island', 'magic', 'robot', 'concert', 'horse', 'novel-adaptation', 'sequel', 'independent-production', 'female-lead', 'name-in-title', 'flashback', 'violence', 'surprise-ending', 'play-adaptation', 'remake', 'cult', 'true-story', 'one-night', 'number-in-title'])[1 + n],
  (ARRAY['abandoned', 'angry', 'armed', 'blind', 'broken', 'burning', 'cruel', 'dead', 'drunken', 'evil', 'famous', 'female', 'flying', 'foreign', 'giant', 'haunted', 'hidden', 'homeless', 'human', 'jealous', 'lonely', 'lost', 'male', 'masked', 'missing', 'old', 'poor', 'rich', 'rival', 'royal', 'rural', 'secret', 'single', 'stolen', 'strange', 'superhuman', 'tragic', 'undercover', 'wild', 'young'])[1 + n % 40] || '-' || (ARRAY['actor', 'agent', 'army', 'boat', 'bride', 'brother', 'car', 'castle', 'cat', 'city', 'cop', 'dancer', 'diary', 'doctor', 'dream', 'enemy', 'farm', 'father', 'forest', 'girl', 'hero', 'hospital', 'hotel', 'house', 'hunter', 'judge', 'killer', 'king', 'letter', 'machine', 'money', 'monster', 'mother', 'mountain', 'murderer', 'neighbour', 'nurse', 'orphan', 'party', 'prison', 'river', 'school', 'sister', 'soldier', 'spy', 'student', 'teacher', 'train', 'village', 'war'])[1 + n / 40 % 50] || (ARRAY['', '-in-the-past', '-abroad', '-at-night'])[1 + n / 2000]) AS word OFFSET 0) AS worded
ORDER BY 1;

CREATE TABLE casting (id int PRIMARY KEY, person_id int NOT NULL, work_id int NOT NULL, figure_id int, note text, place int, job_id int NOT NULL);
INSERT INTO casting
SELECT row_number() OVER (ORDER BY job, id, i), 1 + rank * 77773 % 160000, id, CASE WHEN job <= 2 AND part(g, 160, 6) > 0 THEN CASE WHEN genre = 2 OR kind = 6 THEN 20 WHEN part(g, 161, 4) = 0 THEN 1 + skewed(g, 162, 60, 1.5) ELSE 61 + part(g, 163, 109940) END END,
       CASE WHEN job <= 2 AND (genre = 10 OR kind = 7) THEN CASE WHEN part(h, 164, 8) > 0 THEN '(voice)' WHEN country = 4 THEN '(voice: English version)' END WHEN job <= 2 THEN CASE WHEN part(h, 165, 9) = 0 THEN '(not named)' WHEN part(h, 165, 9) = 1 AND era > 3 THEN '(from archives)' WHEN part(h, 165, 27) = 2 THEN '(voice)' WHEN part(h, 165, 27) = 11 THEN '(under ' || spoken(rank, 75, 0) || ')' END
         WHEN job = 3 THEN CASE WHEN part(h, 166, 10) < 4 THEN '(executive producer)' WHEN part(h, 166, 10) < 7 THEN '(producer)' WHEN part(h, 166, 10) = 7 THEN '(associate producer)' END WHEN job = 4 THEN (ARRAY['(written by)', '(screenplay)', '(story)', '(novel)', '(head writer)', NULL])[1 + skewed(h, 167, 6, 1.2)] WHEN job = 11 THEN (ARRAY['(stunts)', '(assistant)', '(accountant)', '(casting)', '(driver)', NULL])[1 + part(h, 168, 6)] END,
       CASE WHEN job <= 2 AND part(h, 169, 3) > 0 THEN i END, job
FROM (SELECT id, kind, genre, country, era, i, id * 64::bigint + i AS h, g, rank, CASE WHEN i <= greatest(2, size * 0.64) THEN CASE WHEN gender_of(rank) = 'f' THEN 2 ELSE 1 END WHEN part(h, 170, 5) > 0 THEN 3 + skewed(rank, 171, 10, 1.5) ELSE 3 + part(h, 172, 10) END AS job
  FROM (SELECT m.*, i, size, h, g, ((skewed(g, 173, 1000, 2.5) * 8 + CASE WHEN part(g, 174, 4) = 0 THEN greatest(era - 1, 0) ELSE era END) * 20 + CASE WHEN part(g, 175, 100) < 85 THEN circle ELSE part(g, 176, 20) END)::bigint AS rank
    FROM made m, LATERAL (SELECT floor((ARRAY[2, 3, 1, 1, 1, 2, 1])[kind] + part(id, 177, 3) + fame * (ARRAY[40, 40, 16, 12, 14, 12, 20])[kind])::int AS size OFFSET 0) AS sized, LATERAL generate_series(1, size) AS i, LATERAL (SELECT id * 64::bigint + i AS h, CASE WHEN kind = 3 AND part(id * 64 + i, 178, 10) < 6 THEN series_id ELSE id END * 64::bigint + i AS g OFFSET 0) AS seeded OFFSET 0) AS ranked OFFSET 0) AS cast_of;

CREATE TABLE work_keyword (id int PRIMARY KEY, work_id int NOT NULL, keyword_id int NOT NULL);
INSERT INTO work_keyword
SELECT row_number() OVER (ORDER BY id, n), id, 1 + n * 1999 % 6006
FROM (SELECT DISTINCT id, CASE WHEN i = 1 AND sequel AND part(id, 190, 4) > 0 THEN 29 WHEN part(h, 191, 8) = 0 THEN 28 + skewed(h, 192, 14, 1.3) WHEN part(h, 193, 4) > 0 THEN skewed(h, 194, 429, 2.6) * 14 + genre ELSE skewed(h, 195, 6006, 1.7) END AS n
  FROM made, LATERAL generate_series(1, floor(CASE WHEN part(id, 196, 100) < (ARRAY[60, 50, 16, 30, 30, 12, 50])[kind] THEN 1 + part(id, 197, 2) + fame * 16 ELSE fame * 8 END)::int) AS i, LATERAL (SELECT id * 64::bigint + i AS h OFFSET 0) AS seeded) AS chosen;

CREATE TABLE work_firm (id int PRIMARY KEY, work_id int NOT NULL, firm_id int NOT NULL, firm_kind_id int NOT NULL, note text);
INSERT INTO work_firm
SELECT row_number() OVER (ORDER BY kind_of, id, h), id, 1 + n * 7919 % 12000, kind_of,
       CASE WHEN kind_of = 2 AND part(h, 210, 5) > 0 THEN '(' || coalesce(year + part(h, 211, 4) * part(h, 212, 2), 2000) || ') (' || CASE WHEN part(h, 213, 10) < 6 THEN country_name(CASE WHEN part(h, 214, 4) = 0 THEN part(h, 215, 8) ELSE country END) WHEN part(h, 213, 10) < 8 THEN 'worldwide' ELSE 'abroad' END || ') (' || CASE WHEN kind IN (2, 3, 6) THEN 'TV' WHEN year < 1982 THEN 'cinema' WHEN kind = 1 AND part(h, 216, 2) = 0 THEN 'cinema' WHEN year < 1998 THEN 'VHS' WHEN year < 2011 THEN 'DVD' ELSE 'stream' END || ')'
            WHEN kind_of = 1 AND part(h, 217, 6) = 0 THEN (ARRAY['(jointly)', '(first partner)', '(with the help of)', '(under ' || spoken(n, 134, 0) || ')'])[1 + skewed(h, 218, 4, 1.2)] END
FROM (SELECT m.id, m.kind, m.year, m.country, h, major, CASE WHEN major THEN skewed(h, 219, 6, 1.6) * 20 + CASE WHEN circle < 8 OR part(h, 220, 6) = 0 THEN 0 WHEN circle < 18 THEN circle - circle % 2 ELSE circle END ELSE skewed(h, 221, 600, 2) * 20 + CASE WHEN part(h, 222, 12) = 0 THEN part(h, 223, 20) ELSE circle END END AS n
  FROM made m, LATERAL generate_series(1, floor(CASE WHEN part(id, 224, 100) < (ARRAY[75, 65, 22, 35, 60, 45, 80])[kind] THEN 1 + part(id, 225, 2) + fame * 9 ELSE fame * 3 END)::int) AS i, LATERAL (SELECT id * 64::bigint + i AS h, part(id * 64 + i, 226, 10) < 3 AS major OFFSET 0) AS seeded OFFSET 0) AS drawn,
  LATERAL (SELECT CASE WHEN part(h, 227, 5) > 0 THEN (ARRAY[1, 1, 2, 1, 2, 2, 2, 2, 3, 4])[1 + part(n, 228, 10)] ELSE 1 + part(h, 229, 4) % 3 % 2 END AS kind_of OFFSET 0) AS sorts;

CREATE TABLE work_fact (id int PRIMARY KEY, work_id int NOT NULL, fact_kind_id int NOT NULL, value text NOT NULL, note text);
INSERT INTO work_fact
SELECT row_number() OVER (ORDER BY fact, id, value), id, fact, value, CASE WHEN fact = 5 AND part(h, 240, 3) = 0 THEN (ARRAY['(stream)', '(premiere)', '(festival)', '(limited)', '(DVD premiere)'])[1 + CASE WHEN year > 2012 THEN skewed(h, 241, 4, 1.4) ELSE 1 + skewed(h, 242, 4, 1.4) END] WHEN fact = 4 AND part(h, 243, 6) = 0 THEN '(restored version)' WHEN fact = 11 THEN spoken(h, 244, 0) END
FROM (SELECT m.*, fact, id * 80::bigint + fact AS h FROM made m, generate_series(1, 12) AS fact WHERE part(id * 80::bigint + fact, 245, 1000) < (ARRAY[880, 820, 900, 480, 700, 620, 160, 30, 200, 20, 30, 60])[fact] * (ARRAY[1, 0.9, 0.28, 0.55, 0.5, 0.4, 0.6])[kind] + fame * 250) AS asked,
     LATERAL (SELECT CASE fact WHEN 1 THEN (ARRAY['Drama', 'Comedy', 'Documentary', 'Thriller', 'Romance', 'Action', 'Horror', 'Crime', 'Family', 'Adventure', 'Animation', 'Science Fiction', 'Music', 'Western'])[1 + genre] WHEN 2 THEN language_name(CASE WHEN part(h, 246, 14) = 0 THEN part(h, 247, 22) ELSE country END) WHEN 3 THEN country_name(CASE WHEN part(h, 248, 20) = 0 THEN part(h, 249, 8) ELSE country END)
       WHEN 4 THEN (CASE kind WHEN 1 THEN 75 + skewed(h, 250, 90, 1.5) WHEN 4 THEN 3 + part(h, 251, 35) ELSE 20 + part(h, 252, 5) * 10 END)::text WHEN 5 THEN country_name(CASE WHEN part(h, 253, 4) = 0 THEN part(h, 254, 8) ELSE country END) || ', ' || (make_date(coalesce(year, 2005), 1, 1) + skewed(h, 255, 365, 0.8)) WHEN 6 THEN CASE WHEN coalesce(year, 2005) < 1930 + part(h, 256, 40) OR part(h, 257, 25) = 0 THEN 'black and white' ELSE 'colour' END
       WHEN 7 THEN country_name(country) || ': ' || (ARRAY['all', '12', '16', '18'])[1 + CASE WHEN genre IN (3, 5, 6, 7) THEN 1 + part(h, 258, 3) ELSE skewed(h, 259, 3, 1.5) END] WHEN 8 THEN 'A ' || spoken(h, 260, 0) || ' you will not forget: ' || md5(h::text) WHEN 9 THEN CASE WHEN coalesce(year, 2005) < 1930 THEN 'silent' WHEN year < 1975 THEN 'mono' WHEN year < 1993 THEN 'stereo' ELSE 'surround' END WHEN 10 THEN CASE WHEN country = 0 THEN 'USD ' ELSE 'EUR ' END || floor(20000 * exp(fame * 8))::int
       WHEN 11 THEN 'During the making ' || repeat(spoken(h, 264, 0) || ' said to ' || spoken(h, 268, 1) || ': ' || md5(h::text) || '. ', 1 + part(h, 272, 4)) ELSE spoken(part(h, 273, 60), 274, tongue_of(circle)) || ', ' || country_name(country) END AS value OFFSET 0) AS valued
UNION ALL
SELECT 500000 + row_number() OVER (ORDER BY id), id, 1, (ARRAY['Romance', 'Drama', 'History', 'Crime', 'Comedy', 'Thriller', 'Thriller', 'Drama', 'Fantasy', 'Family', 'Family', 'Action', 'Romance', 'Action'])[1 + genre], NULL FROM made WHERE kind <> 3 AND part(id, 278, 10) < 5;

CREATE TABLE work_score (id int PRIMARY KEY, work_id int NOT NULL, fact_kind_id int NOT NULL, value text NOT NULL);
CREATE TEMP TABLE scored AS
SELECT id, floor(5 * exp(fame * 10.5 + part(id, 290, 100) / 60.0))::int AS votes, greatest(11, least(98, 46 + fame * 22 + (ARRAY[6, 2, 13, 1, 1, -3, -9, 3, 3, 0, 6, -4, 6, 1])[1 + genre] + part(id, 291, 28) - CASE WHEN year > 2005 THEN part(id, 292, 14) ELSE 0 END))::int AS rating
FROM made WHERE part(id, 293, 1000) < (ARRAY[640, 560, 170, 230, 300, 200, 500])[kind] + fame * 700;
INSERT INTO work_score
SELECT row_number() OVER (ORDER BY id, fact), id, fact, value
FROM (SELECT id, fact, (ARRAY[rating / 10 || '.' || rating % 10, votes::text, (SELECT string_agg(greatest(0, least(9, 5 - abs(d - rating / 10) + part(id * 10 + d, 294, 3)))::text, '' ORDER BY d) FROM generate_series(1, 10) AS d)])[fact - 12] AS value FROM scored, generate_series(13, 15) AS fact
  UNION ALL (SELECT id, 16, (row_number() OVER (ORDER BY rating DESC, votes DESC, id))::text FROM scored WHERE votes > 2000 ORDER BY rating DESC, votes DESC, id LIMIT 250) UNION ALL (SELECT id, 17, (row_number() OVER (ORDER BY rating, votes DESC, id))::text FROM scored WHERE votes > 300 ORDER BY rating, votes DESC, id LIMIT 100)) AS told;

CREATE TABLE work_link (id int PRIMARY KEY, work_id int NOT NULL, linked_id int NOT NULL, link_kind_id int NOT NULL);
INSERT INTO work_link
WITH chain AS MATERIALIZED (SELECT id, sequel, lag(id) OVER (PARTITION BY kind, genre, circle ORDER BY year, id) AS former, fame, genre FROM made WHERE kind IN (1, 2, 5, 7) AND (sequel OR fame > 0.12))
SELECT row_number() OVER (ORDER BY work_id, kind, linked_id), work_id, linked_id, kind
FROM (SELECT id AS work_id, former AS linked_id, 1 AS kind FROM chain WHERE sequel AND former IS NOT NULL UNION ALL SELECT former, id, 2 FROM chain WHERE sequel AND former IS NOT NULL
  UNION ALL SELECT least(a, b), greatest(a, b), k FROM (SELECT CASE WHEN part(n, 310, 2) = 0 THEN 1 + part(n, 311, 78000) ELSE 1 + skewed(n, 312, 6500, 2) * 12 END AS a, 1 + skewed(n, 313, 770, 2.5) * 101 AS b, 3 + skewed(n, 314, 14, 1.4) AS k FROM generate_series(1, 6000) AS n) AS drawn WHERE a <> b) AS bound;

CREATE TABLE person_fact (id int PRIMARY KEY, person_id int NOT NULL, fact_kind_id int NOT NULL, value text NOT NULL, note text);
INSERT INTO person_fact
SELECT row_number() OVER (ORDER BY fact, rank * 77773 % 160000), 1 + rank * 77773 % 160000, fact,
       CASE fact WHEN 18 THEN (make_date((ARRAY[1870, 1895, 1912, 1926, 1938, 1950, 1962, 1973])[1 + rank::int / 20 % 8], 1, 1) + part(rank, 330, 8000))::text WHEN 19 THEN spoken(skewed(rank, 331, 300, 2), 332, tongue_of(rank::int % 20)) || ', ' || country_name(country_of(rank::int % 20, rank)) WHEN 20 THEN (CASE WHEN gender_of(rank) = 'f' THEN 152 ELSE 163 END + part(rank, 336, 14) + part(rank, 337, 14))::text || ' cm'
         WHEN 21 THEN 'Born into a family of ' || (ARRAY['farmers', 'actors', 'teachers', 'sailors'])[1 + part(rank, 338, 4)] || ', ' || repeat('later known for ' || spoken(rank, 339, 0) || ' and ' || md5(rank::text) || ' ', 6 + part(rank, 343, 20)) WHEN 22 THEN 'Once ' || (ARRAY['met', 'painted', 'taught', 'followed', 'married'])[1 + part(rank, 344, 5)] || ' ' || spoken(rank, 345, 1) || ' ' || md5(rank::text) WHEN 23 THEN spoken(rank, 349, tongue_of(rank::int % 20)) || ', married ' || 1900 + part(rank, 353, 20) + 12 * (rank / 20 % 8) ELSE spoken(rank, 354, 0) END,
       CASE WHEN fact IN (21, 22) AND part(rank, 358, 3) > 0 THEN spoken(skewed(rank, 359, 150, 3), 360, 0) END
FROM generate_series(0, 159999::bigint) AS rank, generate_series(18, 24) AS fact WHERE part(rank * 8 + fact, 364, 1000) < (ARRAY[260, 210, 80, 40, 50, 30, 30])[fact - 17] * CASE WHEN rank < 16000 THEN 2.6 WHEN rank < 64000 THEN 1.2 ELSE 0.8 END;

CREATE TABLE other_title (id int PRIMARY KEY, work_id int NOT NULL, title text NOT NULL, kind_id int NOT NULL, year int, note text);
INSERT INTO other_title
SELECT row_number() OVER (ORDER BY w.id, i), w.id, CASE WHEN part(h, 380, 3) = 0 THEN w.title || ': ' || spoken(h, 381, 0) ELSE spoken(h, 385, part(h, 389, 5)) || ' ' || lower(spoken(h, 390, part(h, 389, 5))) END, w.kind_id, w.year, CASE WHEN part(h, 394, 5) > 0 THEN '(' || country_name(skewed(h, 395, 22, 1.5)) || ')' || CASE WHEN part(h, 396, 4) = 0 THEN ' (working title)' ELSE '' END END
FROM made m JOIN work w ON w.id = m.id, LATERAL generate_series(1, floor(CASE WHEN part(m.id, 397, 100) < 9 THEN 1 + m.fame * 8 ELSE m.fame * 5 END)::int) AS i, LATERAL (SELECT m.id * 64::bigint + i AS h OFFSET 0) AS seeded WHERE m.kind <> 3;

CREATE TABLE completeness (id int PRIMARY KEY, work_id int NOT NULL, subject_id int NOT NULL, status_id int NOT NULL);
INSERT INTO completeness
SELECT row_number() OVER (ORDER BY id, subject), id, subject, CASE WHEN part(id * 4 + subject, 410, 100) < 20 + 40 * fame THEN 4 ELSE 3 END FROM made, generate_series(1, 2) AS subject WHERE part(id * 4 + subject, 411, 1000) < (ARRAY[60, 40, 12, 20, 15, 5, 10])[kind] + fame * 450;
DROP TABLE own, serial, shape, made, scored;
