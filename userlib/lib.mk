# SPDX-License-Identifier: MIT
#
# Builds one library. A library's Makefile sets these and includes this file:
#
#   LIB      its name: libLIB.so.0 and libLIB.a; exports are in libLIB.map
#   SRCS     its .c files
#   HEADERS  what is installed into include/
#   DEPS     libraries of this tree that it needs, each a folder beside it
#   PKGS     pkg-config packages that it needs
#   LOCAL_CFLAGS
#
# LIB.pc.in, with @PREFIX@, @LIBDIR@ and @INCDIR@ in it, is installed as LIB.pc.
#
# BUILD  where everything goes (in BUILD/userlib)
# SAN    address,undefined or thread: a build with sanitizers, in a folder of
#        its own (BUILD/userlib-asan, BUILD/userlib-tsan)

TOP	:= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)
BUILD	?= $(TOP)/build
PREFIX	?= /usr/local
LIBDIR	?= $(PREFIX)/lib
INCDIR	?= $(PREFIX)/include

ifdef SAN
SUFFIX	:= -$(if $(findstring thread,$(SAN)),tsan,asan)
SANFLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
OUT	:= $(abspath $(BUILD))/userlib$(SUFFIX)
OBJDIR	:= $(OUT)/$(LIB)
OBJS	:= $(SRCS:%.c=$(OBJDIR)/%.o)
SO	:= $(OUT)/lib$(LIB).so.0

CFLAGS	?= -O2 -g
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -pthread -fPIC -fvisibility=hidden \
	-Wall -Wextra -Wshadow -Wmissing-prototypes -Werror -MMD -MP \
	-I. -I$(TOP)/uapi $(DEPS:%=-I../%) $(SANFLAGS) $(LOCAL_CFLAGS)
LIBS	:= $(DEPS:%=-l%)
ifdef PKGS
ALL_CFLAGS += $(shell pkg-config --cflags $(PKGS))
LIBS	+= $(shell pkg-config --libs $(PKGS))
endif

all: $(SO) $(OUT)/lib$(LIB).a

$(OBJDIR)/%.o: %.c Makefile ../lib.mk
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# All our libraries lie in one folder, before and after they are installed, so
# each finds those that it needs beside itself.
$(SO): $(OBJS) lib$(LIB).map $(DEPS:%=$(OUT)/lib%.so.0)
	$(CC) -shared -pthread $(SANFLAGS) $(LDFLAGS) -Wl,-soname,$(@F) \
		-Wl,-z,defs -Wl,--version-script=lib$(LIB).map \
		$(if $(DEPS),-Wl$(comma)-rpath$(comma)'$$ORIGIN') \
		-o $@ $(OBJS) -L$(OUT) $(LIBS)
	ln -sf $(@F) $(OUT)/lib$(LIB).so

$(OUT)/lib$(LIB).a: $(OBJS)
	rm -f $@
	$(AR) rcs $@ $^

$(DEPS:%=$(OUT)/lib%.so.0): $(OUT)/lib%.so.0:
	$(MAKE) -C ../$*

install: all
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCDIR)
	install -m 644 $(HEADERS) $(DESTDIR)$(INCDIR)
	install -m 644 $(OUT)/lib$(LIB).a $(SO) $(DESTDIR)$(LIBDIR)
	ln -sf $(notdir $(SO)) $(DESTDIR)$(LIBDIR)/lib$(LIB).so
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@INCDIR@|$(INCDIR)|' \
		$(LIB).pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/$(LIB).pc

clean:
	rm -rf $(OBJDIR) $(OUT)/lib$(LIB).so $(SO) $(OUT)/lib$(LIB).a

comma	:= ,
.PHONY: all install clean
.DELETE_ON_ERROR:
-include $(OBJS:.o=.d)
