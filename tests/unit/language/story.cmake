# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(story_test unit/language/story_test.c ld_language)
