/* An intrusive, circular, doubly linked list: the node lives inside the element, so joining and
 * leaving cost nothing and allocate nothing. A list and a node are the same struct; a node that is
 * in no list points at itself, so that leaving twice does no harm. */
#ifndef LD_BASE_LIST_H
#define LD_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *previous, *next;
};

/* The element whose member the node is. */
#define LIST_OF(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
    list->previous = list;
    list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

/* Puts the node, which is in no list, before the place; before the head is the end of the list. */
static inline void list_insert_before(struct list *place, struct list *node)
{
    node->previous = place->previous;
    node->next = place;
    place->previous->next = node;
    place->previous = node;
}

static inline void list_push_back(struct list *list, struct list *node)
{
    list_insert_before(list, node);
}

static inline void list_push_front(struct list *list, struct list *node)
{
    list_insert_before(list->next, node);
}

static inline void list_remove(struct list *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    list_init(node);
}

/* Out of whatever list it is in, to the end of this one. */
static inline void list_move_back(struct list *list, struct list *node)
{
    list_remove(node);
    list_push_back(list, node);
}

#endif
