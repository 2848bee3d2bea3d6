/* The state's row of a case. The keys stand in it, so that whoever writes a newer row finds the
 * older one's keys without knowing what a case is; the position says which journal rows it
 * includes, so that a merge cut short does no harm. */
#include "workers/hot.h"

/* version, position, next instant, is_end, two name sizes, work count, record size */
enum { ROW_FIXED_SIZE = 1 + 8 + 8 + 1 + 2 + 2 + 1 + 4, WORK_FIXED_SIZE = 2 + 8 + 1 + 1 };

size_t case_row_size(const struct store_put *put)
{
    size_t size = ROW_FIXED_SIZE + put->workflow.size + put->state.size + put->record.size;
    for (uint32_t i = 0; i < put->work_count; i++)
        size += WORK_FIXED_SIZE + put->work[i].unit.size;
    return size;
}

static void put_name(struct buffer *buffer, struct bytes name)
{
    LD_ASSERT(name.size <= STORE_KEY_MAX);
    buffer_put_u16(buffer, (uint16_t)name.size);
    buffer_put(buffer, name);
}

void case_row_encode(const struct store_put *put, struct buffer *buffer)
{
    LD_ASSERT(put->work_count <= STORE_WORK_MAX && put->record.size <= STORE_RECORD_MAX);
    buffer_put_u8(buffer, CASE_ROW_VERSION);
    buffer_put_u64(buffer, put->position);
    buffer_put_u64(buffer, (uint64_t)put->next_ms);
    buffer_put_u8(buffer, put->is_end);
    put_name(buffer, put->workflow);
    put_name(buffer, put->state);
    buffer_put_u8(buffer, (uint8_t)put->work_count);
    for (uint32_t i = 0; i < put->work_count; i++) {
        put_name(buffer, put->work[i].unit);
        buffer_put_u64(buffer, (uint64_t)put->work[i].due_ms);
        buffer_put_u8(buffer, put->work[i].clock);
        buffer_put_u8(buffer, put->work[i].status);
    }
    buffer_put_u32(buffer, (uint32_t)put->record.size);
    buffer_put(buffer, put->record);
}

static struct bytes take_name(struct reader *reader)
{
    return reader_take(reader, reader_u16(reader));
}

static void take_work(struct reader *reader, struct case_row *row)
{
    for (uint32_t i = 0; i < row->work_count; i++) {
        row->work[i].unit = take_name(reader);
        row->work[i].due_ms = (int64_t)reader_u64(reader);
        row->work[i].clock = reader_u8(reader);
        row->work[i].status = reader_u8(reader);
    }
}

enum ld_err case_row_decode(struct bytes bytes, struct case_row *ret_row)
{
    struct reader reader = {.bytes = bytes};
    uint8_t version = reader_u8(&reader);
    if (version != CASE_ROW_VERSION)
        return version > CASE_ROW_VERSION ? LD_UNSUPPORTED : LD_CORRUPT;
    ret_row->position = reader_u64(&reader);
    ret_row->next_ms = (int64_t)reader_u64(&reader);
    ret_row->is_end = reader_u8(&reader) != 0;
    ret_row->workflow = take_name(&reader);
    ret_row->state = take_name(&reader);
    ret_row->work_count = reader_u8(&reader);
    if (ret_row->work_count > STORE_WORK_MAX)
        return LD_CORRUPT;
    take_work(&reader, ret_row);
    ret_row->record = reader_take(&reader, reader_u32(&reader));
    return reader.is_short || reader_left(&reader) ? LD_CORRUPT : LD_OK;
}
