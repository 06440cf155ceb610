#include "base/when.h"
#include "store/var.h"

static const char months[12][3] = {{'J', 'a', 'n'}, {'F', 'e', 'b'}, {'M', 'a', 'r'}, {'A', 'p', 'r'},
                                   {'M', 'a', 'y'}, {'J', 'u', 'n'}, {'J', 'u', 'l'}, {'A', 'u', 'g'},
                                   {'S', 'e', 'p'}, {'O', 'c', 't'}, {'N', 'o', 'v'}, {'D', 'e', 'c'}};

static int64_t day_of(int64_t s)
{
    return s / 86400 - (s % 86400 < 0);
}

static void put_two(char *p, int64_t v)
{
    p[0] = (char)('0' + v / 10);
    p[1] = (char)('0' + v % 10);
}

static int two(const char *p)
{
    return (p[0] - '0') * 10 + p[1] - '0';
}

void var_stamp_put(int64_t s, char out[VAR_STAMP_BYTES])
{
    int64_t day = day_of(s), t = s - day * 86400;
    int32_t year;
    int month, mday;
    when_from_days(day, &year, &month, &mday);
    memcpy(out, months[month - 1], 3);
    out[3] = out[6] = ' ';
    put_two(out + 4, mday);
    if (mday < 10)
        out[4] = ' ';
    put_two(out + 7, t / 3600);
    put_two(out + 10, t / 60 % 60);
    put_two(out + 13, t % 60);
    out[9] = out[12] = ':';
}

/* Month and day, as var_stamp_put writes them, to the second on which the day begins. */
static bool read_day(const char *p, int64_t near_day, int64_t *ret_s)
{
    int32_t year;
    int month, mday, m = 0;
    when_from_days(near_day, &year, &month, &mday);
    while (m < 12 && memcmp(months[m], p, 3) != 0)
        m++;
    bool digits = ascii_is_digit(p[5]) && (p[4] == ' ' || (ascii_is_digit(p[4]) && p[4] != '0'));
    if (m == 12 || p[3] != ' ' || !digits)
        return false;
    int day = p[4] == ' ' ? p[5] - '0' : two(p + 4);
    *ret_s = when_days(year, m + 1, day) * 86400;
    return day >= 1 && day <= when_month_days(year, m + 1);
}

bool var_stamp_read(const char *p, int64_t near_s, struct var_day *last, int64_t *ret_s)
{
    int64_t near = day_of(near_s), day = last->start_s;
    if (!last->is_known || last->near_day != near || memcmp(last->text, p, sizeof(last->text)) != 0) {
        if (!read_day(p, near, &day))
            return false;
        *last = (struct var_day){.is_known = true, .near_day = near, .start_s = day};
        memcpy(last->text, p, sizeof(last->text));
    }
    for (size_t i = 7; i < VAR_STAMP_BYTES; i++) {
        if (i % 3 == 0 ? p[i] != ':' : !ascii_is_digit(p[i]))
            return false;
    }
    int hour = two(p + 7), minute = two(p + 10), second = two(p + 13);
    *ret_s = day + hour * 3600 + minute * 60 + second;
    return p[6] == ' ' && hour < 24 && minute < 60 && second < 60;
}
