/* json_arena - memory for JSON values that live only while one line is read: taken by moving on, given back at once. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* Between the two jansson takes its memory from the arena, and from malloc when that is used up. All values made meanwhile are given back before
 * the end. Control thread; the helper thread makes no JSON. */
void json_arena_begin(void);
void json_arena_end(void);

/* Once at the start of the process, before any value is made. */
void json_arena_init(void);
