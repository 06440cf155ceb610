/*
 * api_handlers.h - the handlers that the route table names. Each reads the checked request, calls one or two
 * functions of the register or of the node, and writes the answer; 0 where it answered or will, -1 with err.
 */
#ifndef KHIEN_API_API_HANDLERS_H
#define KHIEN_API_API_HANDLERS_H

#include "api/api_ctx.h"

/* api_setup.c */
api_handler api_setup_get, api_setup_post;
/* api_session.c, api_signin.c */
api_handler api_session_get, api_session_delete, api_signin_post, api_signin_captcha;
/* api_me.c */
api_handler api_me_password, api_me_totp_offer, api_me_totp_confirm;
/* Offer a secret and recovery codes to c->person and write the object {"secret","uri","recovery"}. */
int api_me_totp_write(struct api_ctx *c, struct err *err) MUST_USE;
/* Answer password_weak; bits of password_check(). */
int api_me_weak(struct api_ctx *c, const char *field, unsigned reasons);
/* api_people.c */
api_handler api_people_list, api_people_add, api_people_disable, api_people_enable, api_people_unlock,
    api_people_password;
/* api_today.c */
api_handler api_today_get;
/* api_log.c */
api_handler api_log_search, api_log_histogram, api_log_event, api_log_around, api_log_tail, api_log_fields;
/* api_finding.c */
api_handler api_finding_list, api_finding_get, api_finding_acknowledge, api_finding_close;
/* api_duty.c */
api_handler api_duty_list, api_duty_get;
/* api_evidence.c */
api_handler api_evidence_list, api_evidence_attach, api_evidence_content, api_evidence_approve,
    api_evidence_reject;
struct register_evidence;
void api_evidence_write(struct api_ctx *c, const struct register_evidence *e);
/* api_exception.c */
api_handler api_exception_list, api_exception_request, api_exception_approve, api_exception_reject;
struct register_exception;
void api_exception_write(struct api_ctx *c, const struct register_exception *x);
/* api_source.c */
api_handler api_source_list, api_source_change;
/* api_system.c */
api_handler api_system_get, api_system_metric, api_system_verify_start, api_system_verify_state,
    api_system_health, api_system_ready, api_system_metrics, api_system_openapi;
/* api_search.c */
api_handler api_search_list, api_search_save, api_search_remove;
/* api_audit.c */
api_handler api_audit_get;
/* api_setting.c */
api_handler api_setting_list, api_setting_set;

#endif
