ld_test(civil_test unit/base/civil_test.c ld_base)
ld_test(memory_test unit/base/memory_test.c ld_base ld_digest)
