#include "api/api_handlers.h"
#include "register/register_setting.h"

static int write_history(struct api_ctx *c, enum register_setting_id id, struct err *err)
{
    struct register_setting_changes list;
    struct jout *j = &c->j;
    if (register_setting_history(c->api->reg, &c->mem, id, &list, err) != 0)
        return -1;
    jout_key(j, S("history"));
    jout_arr(j);
    for (size_t i = 0; i < list.n; i++) {
        jout_obj(j);
        JOUT_TIME(j, "time", list.items[i].at_ns);
        JOUT_STR(j, "who", list.items[i].who);
        JOUT_I64(j, "old", list.items[i].old);
        JOUT_I64(j, "new", list.items[i].now);
        jout_obj_end(j);
    }
    jout_arr_end(j);
    return 0;
}

/* A text of the catalogue: setting.KEY.PART. */
static void put_text(struct api_ctx *c, struct str key, const char *part)
{
    jout_key(&c->j, str_of(part));
    c->api->deps->text(c->api->deps->self, arena_printf(&c->mem, "setting.%.*s.%s", STR_ARG(key), part),
                       &c->j);
}

static int write_setting(struct api_ctx *c, enum register_setting_id id, struct err *err)
{
    const struct register_setting *s = register_setting_row(id);
    struct jout *j = &c->j;
    int64_t value;
    if (register_setting_get(c->api->reg, id, &value, err) != 0)
        return -1;
    jout_obj(j);
    JOUT_STR(j, "key", s->key);
    JOUT_I64(j, "value", value);
    JOUT_I64(j, "default", s->def);
    JOUT_I64(j, "min", s->min);
    JOUT_I64(j, "max", s->max);
    JOUT_STR(j, "unit", s->unit);
    put_text(c, s->key, "title");
    put_text(c, s->key, "doc");
    if (write_history(c, id, err) != 0)
        return -1;
    jout_obj_end(j);
    return 0;
}

int api_setting_list(struct api_ctx *c, struct err *err)
{
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (write_setting(c, (enum register_setting_id)i, err) != 0)
            return -1;
    }
    jout_arr_end(&c->j);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

int api_setting_set(struct api_ctx *c, struct err *err)
{
    enum register_setting_id id;
    if (!register_setting_find(c->id_text, &id))
        return err_set(err, ERR_NOT_FOUND, "no such setting");
    if (register_setting_set(c->api->reg, &c->by, id, json_integer_value(json_object_get(c->body, "value")),
                             err) != 0)
        return -1;
    api_ctx_changed(c);
    if (write_setting(c, id, err) != 0)
        return -1;
    return api_ctx_ok(c, 200);
}
