import { expect, test } from 'vitest';
import { declaredModels, likelyCalls, modelNames } from './models.js';

const use = { table: 'book_authors', kind: 'select', columns: ['author_id'] } as const;

test.each([
  [
    'a.ts',
    'await prisma.bookAuthor.findMany({ where: { authorId: 3 } })',
    'Prisma prisma.bookAuthor.findMany [author_id]',
  ],
  ['a.ts', 'db.select().from(bookAuthors)', 'Drizzle .from(bookAuthors) []'],
  ['a.ts', 'this.bookAuthorRepository.findOne({})', 'TypeORM bookAuthorRepository.findOne []'],
  ['a.js', 'BookAuthor.findAll({ where: { author_id: 1 } })', 'Sequelize BookAuthor.findAll( [author_id]'],
  ['a.js', "knex('book_authors').where({ author_id })", "Knex knex('book_authors' [author_id]"],
  ['a.py', 'BookAuthor.objects.filter(author_id=3)', 'Django BookAuthor.objects.filter [author_id]'],
  [
    'a.py',
    'session.execute(select(BookAuthor).where(BookAuthor.author_id == 3))',
    'SQLAlchemy select(BookAuthor [author_id]',
  ],
  ['a.rb', 'BookAuthor.where(author_id: 3)', 'ActiveRecord BookAuthor.where [author_id]'],
  ['a.java', 'bookAuthorRepository.findByAuthorId(3)', 'Hibernate bookAuthorRepository.findByAuthorId []'],
  [
    'a.java',
    'em.createQuery("select b from BookAuthor b where b.authorId = :a")',
    'Hibernate from BookAuthor [author_id]',
  ],
])('%s %s', (path, text, expected) => {
  const calls = likelyCalls(text, path, use, modelNames(use.table, new Map()));
  expect(calls.map(({ orm, call, columns }) => `${orm} ${call} [${columns.join()}]`)).toEqual([expected]);
});

test('a call of another kind, or of another model, is none of it', () => {
  const names = modelNames(use.table, new Map());
  expect(likelyCalls('prisma.bookAuthor.deleteMany({})', 'a.ts', use, names)).toEqual([]);
  expect(likelyCalls('BookAuthorship.objects.filter(a=1)', 'a.py', use, names)).toEqual([]);
});

test.each([
  ['model Link {\n  id Int @id\n  @@map("book_authors")\n}', 'Link'],
  ['@Entity("book_authors")\nexport class Link {}', 'Link'],
  ['class Link(Base):\n    __tablename__ = "book_authors"', 'Link'],
  ['class Link(models.Model):\n    class Meta:\n        db_table = "book_authors"', 'Link'],
  ['class Link < ApplicationRecord\n  self.table_name = "book_authors"\nend', 'Link'],
  ["export const link = pgTable('book_authors', {})", 'link'],
])('a model of another name: %s', (text, model) => {
  expect(declaredModels(text)).toContainEqual(['book_authors', model]);
});
