/*
 * catalogue_priv.h - the inside of a catalogue, shared by catalogue.c (files, order, look-up) and
 * catalogue_read.c (YAML to rows). No other file includes it.
 */
#ifndef KHIEN_DUTY_CATALOGUE_PRIV_H
#define KHIEN_DUTY_CATALOGUE_PRIV_H

#include "base/arena.h"
#include "codec/yamltree.h"
#include "duty/catalogue.h"

#define CATALOGUE_ARTICLES_MAX 128u
#define CATALOGUE_CHAPTERS_MAX 32u
#define CATALOGUE_LAWS_MAX 512u

/* A duty while files are still being added: the laws are names until all laws are known. */
struct catalogue_row {
    struct catalogue_duty duty;
    const struct yamltree_node *node; /* for errors found by finish */
    const struct str *law_ids;
};

struct catalogue {
    struct arena arena; /* owns every text and row */
    bool finished;
    struct str version;
    int32_t date;
    size_t n_chapters, n_articles, n_laws, n_rows;
    struct catalogue_chapter chapters[CATALOGUE_CHAPTERS_MAX];
    struct catalogue_article articles[CATALOGUE_ARTICLES_MAX];
    struct catalogue_law laws[CATALOGUE_LAWS_MAX];
    const struct yamltree_node *law_nodes[CATALOGUE_LAWS_MAX];
    struct catalogue_row *rows[CATALOGUE_DUTIES_MAX];
};

/* Read one parsed file into the catalogue. Errors: ERR_PARSE with file and line, ERR_LIMIT, ERR_NOMEM. */
int catalogue_read_version(struct catalogue *c, const struct yamltree_node *root, struct err *err) MUST_USE;
int catalogue_read_articles(struct catalogue *c, const struct yamltree_node *root, struct err *err) MUST_USE;
int catalogue_read_laws(struct catalogue *c, const struct yamltree_node *root, struct err *err) MUST_USE;
int catalogue_read_duties(struct catalogue *c, const struct yamltree_node *root, struct err *err) MUST_USE;

/* {vi: …, en: …}, both compulsory and not empty. */
int catalogue_read_text(const struct yamltree_node *node, struct catalogue_text *ret,
                        struct err *err) MUST_USE;
/* 2026-11-22 as a day number. */
int catalogue_read_date(const struct yamltree_node *node, int32_t *ret, struct err *err) MUST_USE;

#endif
