ld_test(codec_test unit/proto/codec_test.c ld_proto)
ld_test(wire_test unit/proto/wire_test.c ld_proto)
ld_test(envelope_test unit/proto/envelope_test.c ld_proto)
ld_test(session_test unit/proto/session_test.c ld_proto)
