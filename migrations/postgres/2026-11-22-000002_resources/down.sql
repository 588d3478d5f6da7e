DROP TABLE resources;
DROP TABLE categories;
