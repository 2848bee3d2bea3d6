/* Requests beside publishing: the body of a `request` is a map {ask: WORD, …}, the body of its
 * answer a map. Instants are RFC 3339 text with the calendar's zone, dates YYYY-MM-DD, titles
 * {zh, en}. A key that says nothing (no outcome, no next instant) is left out. Lists that can be
 * long take {after?, max?} and answer {next?}: give `next` as `after` to go on.
 *
 * `cases` and `overdue` speak of the last checkpoint (`applied`, `as_of`); with {fresh: true} the
 * partition makes one first, so that all that was answered before is in.
 *
 * Ids and names are for programs; people read the titles beside them: of a unit from the present
 * directory, of an event type, party or field from the definition that the case is pinned to. Each
 * is left out where there is none, and all of them where an answer is too large for the wire with
 * them: then show the id.
 *
 * To one partition:
 *   case       {id}                 → {id, workflow, version, digest, title, state, state_title,
 *                is_end, outcome?, opened, opened_date, revision, position, next?, as_of,
 *                fields {name: value}, parties {name: unit}, takes [event…],
 *                fields_titles? {name: title}, parties_titles? {name: title}, units_titles?
 *                {unit: title} of those in parties and fields, takes_titles? {event: title},
 *                clocks [{name, title, force, basis?, who, who_title?, unit?, unit_title?, status,
 *                runs, anchor?, last_day?, unrolled?, due?, provisional, breached?, days_late?,
 *                days_left?, level?}], parent?, suspended?, suspended_above?, subs? [{name, id,
 *                workflow, title?, is_open, state?, state_title?, outcome?, suspends, closes}]}
 *                (parent: the case that opened it; suspended_above: with its parent; subs: the
 *                sub-cases that it opened; suspends, closes: with this case)
 *                (clocks that never started have status idle and no dates)
 *   history    {id, after?, max?}   → {id, rows [{position, kind: event|time|family, at, previous,
 *                cause?, step?, event_id?, source?, source_title?, type?, type_title?, role?,
 *                legal_date?, data?, fate?, code?, detail?, wanted?, facts [{kind, …}]}], next?}
 *                oldest first; each event once; family: what the row at the position `cause`, of
 *                another case of its family, did to this one, step: opened | suspended-with-parent
 *                | resumed-with-parent | closed-with-parent | sub-case-closed
 *                fact kinds: opened {date}, state {state, title, outcome?}, field {name, title?,
 *                value, unit_title?}, party {name, title?, unit, unit_title?}, clock {name, status,
 *                last_day?, due?, …}, alert {clock, level, rung, last_day,
 *                to [{unit, title?, reason, name?}]}, alert-cleared {clock},
 *                late-entry {date}, problem {clock?, text}, suspended {suspended},
 *                held {event_id}, released {event_id}, notice {level, text, to},
 *                sub-opened {name, workflow, title?, suspends, closes}, sub-closed {name, outcome},
 *                suspended-above {suspended}, emitted {event_id, type, subject?, source,
 *                source_title?, role?, workflow?, data?}
 *   cases      {workflow?, state?, after?, max?} → {rows [{id, workflow, version, state,
 *                state_title, is_end, outcome?, opened, next?, next_clock?, next_title?,
 *                next_status?, next_last_day?, next_due?}], next?, applied, as_of}
 *   overdue    {unit?, max?}        → {rows [{case, workflow, clock, title, force, basis?, unit,
 *                unit_title?, status, last_day, due, days, level?}], more?, applied, as_of}
 *                days: whole days overdue; more: there are more than max
 *   artifacts  {}                   → {rows [{kind, id, version, digest, title?}]}
 *   artifact   {kind, id, version?} → {kind, id, version, digest, text}
 *   deploy     {text, file?}        → {kind, id, version, digest, result: deployed|exists}
 *                error `refused`: {diagnostics [{severity, code, line, column, zh, en, …}]}
 *   subscribe  {name, from: now|start, levels? [word…], units? [id…], kinds? [alerts|emitted…],
 *                types? [event type…]} → {name, cursor, result}
 *                result: subscribed | exists | changed (the filter; the cursor stays)
 *                kinds: alerts alone without the word; levels and units are of alerts (any
 *                recipient counts), types of emitted events
 *   unsubscribe {name}              → {name}
 *   fetch      {name, max?, wait_ms?} → {items [item…], cursor}     from the name's cursor on
 *                item: {id, position, at, kind: alert|alert-cleared|notice, case, workflow,
 *                clock, title, level, force, basis?, unit, unit_title?, last_day, due,
 *                to [{unit, title?, reason, name?}],
 *                unacknowledged}; of kind notice: {…, level, text, to} without a clock; of kind
 *                emitted: {id, position, at, kind, case, workflow, event {specversion, id, source,
 *                type, subject?, time, role?, workflow?, data?}, source_title?}: the event as it
 *                also goes to the case `subject`, where it has one
 *                id = PARTITION-POSITION-INDEX: the same alert has the same id, however often sent
 *   ack        {name, cursor}       → {name, cursor}     all up to the cursor has been dealt with
 *   status     {}                   → {partition, pid, epoch, now, clock: real|manual, held?,
 *                last, applied, hot, merging, journal_bytes, state_bytes, feeds, events, fired,
 *                rederiving?, parked?, damaged?, undelivered, undelivered_ms?, unread?,
 *                undeliverable?, version}   rederiving: other rules were deployed and open cases
 *                are being derived again; parked: cases whose clocks cannot be
 *                derived; undelivered:
 *                emitted events for other cases without a fate yet, undelivered_ms: since the
 *                first of them; unread: rows in which there may be more; undeliverable: the next
 *                of these cannot be read, or the broker not be reached for want of means
 *   clock      {to}                 → {now, fired}    manual clocks only; answered when everything
 *                due up to then has happened and is on disk
 *   clock      {confirm: true}      → {now, fired: 0}   real clocks only: a jump ahead that is
 *                `held` is right
 * To the broker (PARTITION_BROKER):
 *   status     {}                   → {pid, version, session, clients, partitions [{partition,
 *                pid?, epoch?, queued, in_flight, up}]}
 * To PARTITION_ALL: any request; the answer's body is the list of the partitions' answers, each
 *   {partition, answer} or {partition, error, …}, once all have answered. */
#ifndef LD_PROTO_ASK_H
#define LD_PROTO_ASK_H

#define ASK_CASE "case"
#define ASK_HISTORY "history"
#define ASK_CASES "cases"
#define ASK_OVERDUE "overdue"
#define ASK_ARTIFACTS "artifacts"
#define ASK_ARTIFACT "artifact"
#define ASK_DEPLOY "deploy"
#define ASK_SUBSCRIBE "subscribe"
#define ASK_UNSUBSCRIBE "unsubscribe"
#define ASK_FETCH "fetch"
#define ASK_ACK "ack"
#define ASK_STATUS "status"
#define ASK_CLOCK "clock"

#endif
