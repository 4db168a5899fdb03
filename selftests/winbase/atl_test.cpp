// SPDX-License-Identifier: GPL-2.0
/*
 * userlib/winbase/atl: the objects, maps of interfaces, class factories, smart pointers,
 * locks and collections. Needs no module.
 */
#include <initguid.h>
#include <atlbase.h>
#include <atlcom.h>
#include <atlcoll.h>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(expr)							\
	do {								\
		if (!(expr)) {						\
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #expr); \
			failed = true;					\
		}							\
	} while (0)

static bool failed;

struct IOne : public IUnknown {
	virtual int One() = 0;
};

struct IOneMore : public IOne {
	virtual int More() = 0;
};

struct ITwo : public IUnknown {
	virtual int Two() = 0;
};

/* IOneMore's neighbour with the same base: an IOne that is two. */
struct IOneToo : public IOne {
	virtual int Too() = 0;
};

struct IBase : public IUnknown {
	virtual int Base() = 0;
};

struct INever : public IUnknown {
};

__CRT_UUID_DECL(IOne, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa)
__CRT_UUID_DECL(IOneMore, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa)
__CRT_UUID_DECL(ITwo, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa)
__CRT_UUID_DECL(IOneToo, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa)
__CRT_UUID_DECL(IBase, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa)
__CRT_UUID_DECL(INever, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa)

DEFINE_GUID(IID_Alias, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa);
DEFINE_GUID(IID_Blind, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa);
DEFINE_GUID(CLSID_Whole, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa);
DEFINE_GUID(CLSID_Hidden, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa);
DEFINE_GUID(CLSID_Mapped, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa);
DEFINE_GUID(CLSID_Unknown, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa);

/* -------------------------------------------------------------- the classes */

class CHasBase : public CComObjectRootEx<CComMultiThreadModel>, public IBase {
public:
	BEGIN_COM_MAP(CHasBase)
		COM_INTERFACE_ENTRY(IBase)
	END_COM_MAP()

	int Base()
	{
		return 5;
	}
};

/* What the tests watch, of all objects of class CWhole. */
static struct {
	int made, constructed, released, gone, started, stopped;
	HRESULT final_construct;
} whole;

class ATL_NO_VTABLE CWhole :
	public ITwo,
	public IOneMore,
	public IOneToo,
	public CHasBase,
	public CComCoClass<CWhole, &CLSID_Whole> {
public:
	DECLARE_NO_REGISTRY()
	DECLARE_NOT_AGGREGATABLE(CWhole)
	DECLARE_PROTECT_FINAL_CONSTRUCT()

	BEGIN_COM_MAP(CWhole)
		COM_INTERFACE_ENTRY(ITwo)
		COM_INTERFACE_ENTRY(IOneMore)
		COM_INTERFACE_ENTRY(IOneToo)
		COM_INTERFACE_ENTRY2(IOne, IOneToo)
		COM_INTERFACE_ENTRY_IID(IID_Alias, ITwo)
		COM_INTERFACE_ENTRY_NOINTERFACE(INever)
		COM_INTERFACE_ENTRY_CHAIN(CHasBase)
		COM_INTERFACE_ENTRY_FUNC_BLIND(77, Blind)
	END_COM_MAP()

	CWhole()
	{
		whole.made++;
	}

	virtual ~CWhole()
	{
		whole.gone++;
	}

	HRESULT FinalConstruct()
	{
		CComPtr<IUnknown> self(GetUnknown());

		whole.constructed++;
		return whole.final_construct;
	}

	void FinalRelease()
	{
		CComPtr<IUnknown> self(GetUnknown());

		whole.released++;
	}

	static void ObjectMain(bool bStarting)
	{
		bStarting ? whole.started++ : whole.stopped++;
	}

	static HRESULT Blind(void *pv, REFIID riid, void **ppv, DWORD_PTR dw)
	{
		CWhole *self = static_cast<CWhole *>(pv);

		if ((riid != IID_Blind && riid != __uuidof(INever)) || dw != 77)
			return E_NOINTERFACE;
		self->AddRef();
		*ppv = static_cast<ITwo *>(self);
		return S_OK;
	}

	int One()
	{
		return 1;
	}

	int More()
	{
		return 11;
	}

	int Too()
	{
		return 111;
	}

	int Two()
	{
		return 2;
	}
};

/* As in a header that two files include: the second stands for the other file's. */
OBJECT_ENTRY_AUTO(CLSID_Whole, CWhole)
static ATL::_ATL_OBJMAP_ENTRY *const again
	__attribute__((used, section("atl_objmap"))) = &__objMap_CWhole;

class CHidden : public CComObjectRoot, public CComCoClass<CHidden>, public IBase {
public:
	DECLARE_REGISTRY_RESOURCEID(IDR_NOWHERE)

	BEGIN_COM_MAP(CHidden)
		COM_INTERFACE_ENTRY(IBase)
	END_COM_MAP()

	int Base()
	{
		return 6;
	}
};

OBJECT_ENTRY_NON_CREATEABLE_EX_AUTO(CLSID_Hidden, CHidden)

class CMapped : public CHidden {
};

BEGIN_OBJECT_MAP(object_map)
	OBJECT_ENTRY(CLSID_Mapped, CMapped)
	OBJECT_ENTRY_NON_CREATEABLE(CHidden)
END_OBJECT_MAP()

class CTestModule : public CAtlDllModuleT<CTestModule> {
public:
	DECLARE_LIBID(LIBID_Nowhere)
	DECLARE_REGISTRY_APPID_RESOURCEID(IDR_NOWHERE, "{}")
};

static CTestModule module;

static CComObject<CWhole> *make_whole()
{
	CComObject<CWhole> *object = NULL;

	CHECK(CComObject<CWhole>::CreateInstance(&object) == S_OK);
	object->AddRef();
	return object;
}

/* Of any object whose count nobody else changes. */
static ULONG count(IUnknown *unknown)
{
	unknown->AddRef();
	return unknown->Release();
}

/* ------------------------------------------------------------------- tests */

static void counts()
{
	CComObject<CWhole> *object = NULL;

	whole = {};
	CHECK(CComObject<CWhole>::CreateInstance(NULL) == E_POINTER);
	CHECK(CComObject<CWhole>::CreateInstance(&object) == S_OK);
	CHECK(object->m_dwRef == 0);
	CHECK(module.GetLockCount() == 1);
	CHECK(object->AddRef() == 1);
	CHECK(object->AddRef() == 2);
	CHECK(object->Release() == 1);
	CHECK(whole.made == 1 && whole.constructed == 1 && !whole.released);
	/* FinalConstruct and FinalRelease take and drop a reference: neither frees. */
	CHECK(object->Release() == 0);
	CHECK(whole.released == 1 && whole.gone == 1);
	CHECK(module.GetLockCount() == 0);
}

static void failed_construction()
{
	CComObject<CWhole> *object = (CComObject<CWhole> *)&whole;
	CComPtr<ITwo> two;

	whole = {};
	whole.final_construct = E_ACCESSDENIED;
	CHECK(CComObject<CWhole>::CreateInstance(&object) == E_ACCESSDENIED);
	CHECK(!object);
	CHECK(CWhole::CreateInstance(&two) == E_ACCESSDENIED && !two);
	CHECK(whole.made == 2 && whole.gone == 2);
	CHECK(module.GetLockCount() == 0);

	/* An interface that it does not have: it goes again. */
	CComPtr<IClassFactory> factory;

	whole = {};
	CHECK(CWhole::CreateInstance(&factory) == E_NOINTERFACE && !factory);
	CHECK(whole.made == 1 && whole.gone == 1);
}

static void interfaces()
{
	CComObject<CWhole> *object = make_whole();
	CComPtr<IUnknown> unknown, same;
	CComPtr<ITwo> two;
	CComPtr<IOne> one;
	CComPtr<IOneMore> more;
	CComPtr<IOneToo> too;
	CComPtr<IBase> base;
	void *p = object;

	CHECK(object->QueryInterface(&two) == S_OK && two->Two() == 2);
	CHECK(object->QueryInterface(&more) == S_OK && more->More() == 11);
	CHECK(object->QueryInterface(&too) == S_OK && too->Too() == 111);
	CHECK(object->QueryInterface(&one) == S_OK && one->One() == 1);
	CHECK(one == static_cast<IOne *>(too.p));
	CHECK((void *)more.p != (void *)too.p && (void *)two.p != (void *)more.p);
	CHECK(object->QueryInterface(&base) == S_OK && base->Base() == 5);

	/* One identity, whoever is asked. */
	CHECK(base->QueryInterface(__uuidof(IUnknown), (void **)&unknown) == S_OK);
	CHECK(more->QueryInterface(__uuidof(IUnknown), (void **)&same) == S_OK);
	CHECK(unknown == same && unknown == object->GetUnknown());
	CHECK((void *)unknown.p == (void *)two.p);
	CHECK(count(unknown) == 8);

	CHECK(object->QueryInterface(IID_Alias, &p) == S_OK && p == two);
	two->Release();
	CHECK(object->QueryInterface(IID_Blind, &p) == S_OK && p == two);
	two->Release();
	/* The map says no before the blind function is asked. */
	CHECK(object->QueryInterface(__uuidof(INever), &p) == E_NOINTERFACE && !p);
	p = object;
	CHECK(object->QueryInterface(IID_IClassFactory, &p) == E_NOINTERFACE && !p);
	CHECK(object->QueryInterface(__uuidof(ITwo), NULL) == E_POINTER);
	CHECK(count(unknown) == 8);
	object->Release();
}

static void class_factory()
{
	CComPtr<IClassFactory> factory, other;
	CComPtr<ITwo> two;
	CComPtr<IUnknown> none;

	whole = {};
	CHECK(module.DllMain(DLL_PROCESS_ATTACH, NULL));
	CHECK(whole.started == 1);
	CHECK(module.DllCanUnloadNow() == S_OK);

	CHECK(module.DllGetClassObject(CLSID_Whole, IID_IClassFactory, NULL) == E_POINTER);
	CHECK(module.DllGetClassObject(CLSID_Unknown, IID_IClassFactory, (void **)&factory) ==
	      CLASS_E_CLASSNOTAVAILABLE);
	CHECK(module.DllGetClassObject(CLSID_Hidden, IID_IClassFactory, (void **)&factory) ==
	      CLASS_E_CLASSNOTAVAILABLE);
	CHECK(!factory);
	CHECK(module.DllGetClassObject(CLSID_Whole, __uuidof(ITwo), (void **)&two) ==
	      E_NOINTERFACE && !two);
	CHECK(module.DllCanUnloadNow() == S_OK);

	/* The factory keeps the module only while somebody has it. */
	CHECK(module.DllGetClassObject(CLSID_Whole, IID_IClassFactory, (void **)&factory) == S_OK);
	CHECK(module.DllCanUnloadNow() == S_FALSE);
	CHECK(module.DllGetClassObject(CLSID_Whole, IID_IClassFactory, (void **)&other) == S_OK);
	CHECK(factory == other);

	CHECK(factory->CreateInstance(factory, IID_IUnknown, (void **)&none) ==
	      CLASS_E_NOAGGREGATION && !none);
	CHECK(factory->CreateInstance(NULL, IID_IUnknown, NULL) == E_POINTER);
	CHECK(factory->CreateInstance(NULL, __uuidof(ITwo), (void **)&two) == S_OK);
	CHECK(two->Two() == 2 && count(two) == 1);
	factory.Release();
	other.Release();
	CHECK(module.DllCanUnloadNow() == S_FALSE);
	two.Release();
	CHECK(module.DllCanUnloadNow() == S_OK);

	CHECK(module.DllGetClassObject(CLSID_Whole, IID_IClassFactory, (void **)&factory) == S_OK);
	CHECK(factory->LockServer(TRUE) == S_OK);
	factory.Release();
	CHECK(module.DllCanUnloadNow() == S_FALSE);
	CHECK(module.DllGetClassObject(CLSID_Whole, IID_IClassFactory, (void **)&factory) == S_OK);
	CHECK(factory->LockServer(FALSE) == S_OK);
	factory.Release();
	CHECK(module.DllCanUnloadNow() == S_OK);

	CHECK(module.DllRegisterServer() == E_NOTIMPL);
	module.Term();
	CHECK(whole.stopped == 1);
	CHECK(module.DllMain(DLL_PROCESS_DETACH, NULL));
	CHECK(whole.stopped == 1);
	CHECK(whole.made == whole.gone);
}

static void old_module()
{
	CAtlModule *kept = _pAtlModule;
	{
		CComModule old;
		CComPtr<IClassFactory> factory;
		CComPtr<IBase> base;

		CHECK(_pAtlModule == &old);
		CHECK(old.Init(::object_map, NULL) == S_OK);
		CHECK(old.GetClassObject(CLSID_Mapped, IID_IClassFactory, (void **)&factory) ==
		      S_OK);
		CHECK(factory->CreateInstance(NULL, __uuidof(IBase), (void **)&base) == S_OK);
		CHECK(base->Base() == 6 && old.GetLockCount() == 2);
		base.Release();
		factory.Release();
		/* The map does not hide the classes that need none. */
		CHECK(old.GetClassObject(CLSID_Whole, IID_IClassFactory, (void **)&factory) ==
		      S_OK);
		factory.Release();
		CHECK(old.GetClassObject(CLSID_NULL, IID_IClassFactory, (void **)&factory) ==
		      CLASS_E_CLASSNOTAVAILABLE);
		CHECK(old.GetLockCount() == 0);
		old.Term();
	}
	CHECK(!_pAtlModule);
	_pAtlModule = kept;
}

static void no_lock()
{
	CComObjectNoLock<CWhole> *object = new CComObjectNoLock<CWhole>;

	whole = {};
	CHECK(object->AddRef() == 1 && module.GetLockCount() == 0);
	CHECK(object->Release() == 0);
	CHECK(whole.released == 1 && whole.gone == 1);
}

/* Its last Release looks at the pointer that held it. */
class CLast : public CComObjectRoot, public IBase {
public:
	BEGIN_COM_MAP(CLast)
		COM_INTERFACE_ENTRY(IBase)
	END_COM_MAP()

	void FinalRelease()
	{
		CHECK(!holder || !holder->p);
	}

	int Base()
	{
		return 7;
	}

	CComPtr<IBase> *holder;
};

static void pointers()
{
	CComObject<CWhole> *object = make_whole();
	IUnknown *unknown = object->GetUnknown();
	IOneMore *raw = object;
	ITwo *copied = NULL;
	{
		CComPtr<IOneMore> a(raw), b, c = NULL;

		CHECK(count(unknown) == 2 && a && !b && !c && a == raw && b != raw);
		b = a;
		CHECK(count(unknown) == 3 && a->More() == 11 && (*b).More() == 11);
		CComPtr<IOneMore> &self = b;

		b = self;
		CHECK(count(unknown) == 3);
		b = raw;
		CHECK(count(unknown) == 3);

		CComPtr<IOneMore> d(b), e(std::move(d));

		CHECK(count(unknown) == 4 && !d && e == raw);
		b = NULL;
		CHECK(count(unknown) == 3 && !b);
		b.Attach(e.Detach());
		CHECK(count(unknown) == 3 && !e && b == raw);

		CComPtr<ITwo> two;

		two = a;
		CHECK(count(unknown) == 4 && two->Two() == 2);
		CHECK(two.CopyTo(NULL) == E_POINTER && two.CopyTo(&copied) == S_OK);
		CHECK(count(unknown) == 5 && copied == two);
		copied->Release();

		CComPtr<IBase> base;

		CHECK(two.QueryInterface(&base) == S_OK && base->Base() == 5);
		CHECK(base.IsEqualObject(a) && base.IsEqualObject(unknown));
		CHECK(!base.IsEqualObject(NULL) && CComPtr<IBase>().IsEqualObject(NULL));
		CHECK(count(unknown) == 5);

		CComPtr<IClassFactory> none;

		none = a;
		CHECK(!none && count(unknown) == 5);
	}
	CHECK(count(unknown) == 1);
	{
		CComQIPtr<IBase> base(raw);
		CComQIPtr<IOneMore> more(raw), copy(more);
		CComQIPtr<IClassFactory> none(raw);
		CComQIPtr<ITwo, &IID_Alias> two(raw);
		CComQIPtr<IUnknown> identity(raw);

		CHECK(count(unknown) == 6 && base && more == raw && copy == raw && !none);
		CHECK(two->Two() == 2 && identity == unknown);
		none = base;
		CHECK(!none);
		base = more;
		CHECK(base->Base() == 5 && count(unknown) == 6);
		base = (IUnknown *)NULL;
		CHECK(!base && count(unknown) == 5);
	}
	CHECK(object->Release() == 0);

	CComObject<CLast> *last;
	CComPtr<IBase> holder;

	CHECK(CComObject<CLast>::CreateInstance(&last) == S_OK);
	last->holder = std::addressof(holder);
	holder = last;
	holder.Release();
	CHECK(CComObject<CLast>::CreateInstance(&last) == S_OK);
	last->holder = std::addressof(holder);
	holder = last;
	holder = NULL;
	CHECK(module.GetLockCount() == 0);
}

static int alive;

struct Counted {
	Counted(int v = 0) : value(v)
	{
		alive++;
	}

	Counted(const Counted &other) : value(other.value)
	{
		alive++;
	}

	~Counted()
	{
		alive--;
	}

	Counted &operator=(const Counted &) = default;

	bool operator==(const Counted &other) const
	{
		return value == other.value;
	}

	int value;
};

static void owners()
{
	CAutoPtr<Counted> a(new Counted(1)), b;
	CHeapPtr<int> heap, other;
	CHandle handle;

	CHECK(a->value == 1 && !b);
	b = a;
	CHECK(!a && b->value == 1 && alive == 1);
	delete b.Detach();
	CHECK(!b && !alive);

	CHECK(!heap.Allocate(SIZE_MAX / 2) && !heap);
	CHECK(heap.Allocate(2));
	heap[1] = 5;
	CHECK(heap.Reallocate(1000) && heap[1] == 5);
	heap[999] = 6;
	other = heap;
	CHECK(!heap && other[999] == 6);
	CHECK(!handle);
}

static void collections()
{
	{
		CSimpleArray<Counted> array;

		for (int i = 0; i < 10; i++)
			CHECK(array.Add(Counted(i)));
		/* Both while it must grow and while it need not. */
		while (array.GetSize() < 40)
			CHECK(array.Add(array[0]));
		CHECK(array[39].value == 0 && alive == 40);
		CHECK(array.Find(Counted(7)) == 7 && array.Find(Counted(77)) == -1);
		CHECK(array.Remove(Counted(7)) && !array.Remove(Counted(7)));
		CHECK(array.GetSize() == 39 && array[6].value == 6 && array[7].value == 8);
		CHECK(!array.RemoveAt(39) && !array.RemoveAt(-1) && array.RemoveAt(38));
		CHECK(alive == 38);

		CSimpleArray<Counted> copy(array);

		CHECK(copy.GetSize() == 38 && copy[7].value == 8 && alive == 76);
		CSimpleArray<Counted> &self = copy;

		copy = self;
		CHECK(copy.GetSize() == 38);
		array.RemoveAll();
		CHECK(!array.GetSize() && alive == 38);
	}
	CHECK(!alive);
	{
		CAtlList<Counted> list;
		POSITION two, pos;
		int sum = 0;

		two = list.AddTail(2);
		list.AddHead(1);
		list.AddTail(4);
		list.InsertAfter(two, 3);
		list.InsertBefore(two, 9);
		for (pos = list.GetHeadPosition(); pos; )
			sum = 10 * sum + list.GetNext(pos).value;
		CHECK(sum == 19234 && list.GetCount() == 5);
		list.RemoveAt(list.Find(9));
		CHECK(list.RemoveHead().value == 1 && list.RemoveTail().value == 4);
		CHECK(list.GetHead().value == 2 && list.GetTail().value == 3);
		CHECK(!list.Find(9) && list.GetCount() == 2);
		CHECK(alive == 2);
	}
	CHECK(!alive);
	{
		CAtlMap<int, Counted> map;
		Counted found;
		int n = 0;

		for (int i = 0; i < 1000; i++)
			CHECK(map.SetAt(i, i));
		CHECK(map.SetAt(5, 55) && map.GetCount() == 1000);
		CHECK(alive == 1001);
		CHECK(map.Lookup(5, found) && found.value == 55 && !map.Lookup(1000));
		CHECK(map.RemoveKey(5) && !map.RemoveKey(5) && !map.Lookup(5, found));
		for (POSITION pos = map.GetStartPosition(); pos; n++)
			map.GetNext(pos);
		CHECK(n == 999);
	}
	CHECK(!alive);
	{
		CAtlArray<Counted> array;

		CHECK(array.IsEmpty() && array.Add(3) == 0 && array.Add(4) == 1);
		array[0] = 5;
		array.RemoveAt(1);
		CHECK(array.GetCount() == 1 && array.GetAt(0).value == 5);
	}
	CHECK(!alive);
}

static CComObject<CHasBase> *shared;
static pthread_barrier_t start;
static volatile int guarded;

static void *use_shared(void *)
{
	pthread_barrier_wait(&start);
	for (int i = 0; i < 1000000; i++) {
		shared->AddRef();
		shared->Release();
	}
	for (int i = 0; i < 1000; i++) {
		CHasBase::ObjectLock lock(shared);
		CHasBase::ObjectLock nested(shared);
		int was = guarded;

		sched_yield();
		guarded = was + 1;
	}
	return NULL;
}

static void threads()
{
	pthread_t thread[4];

	guarded = 0;
	CHECK(CComObject<CHasBase>::CreateInstance(&shared) == S_OK);
	shared->AddRef();
	pthread_barrier_init(&start, NULL, 4);
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, use_shared, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&start);
	CHECK(guarded == 4 * 1000);
	CHECK(count(shared) == 1);
	CHECK(shared->Release() == 0);
}

static void *try_lock(void *lock)
{
	BOOL got = TryEnterCriticalSection((CRITICAL_SECTION *)lock);

	if (got)
		LeaveCriticalSection((CRITICAL_SECTION *)lock);
	return got ? lock : NULL;
}

/* Can another thread have it? */
static bool is_free(CComCriticalSection &lock)
{
	pthread_t thread;
	void *got;

	pthread_create(&thread, NULL, try_lock, &lock.m_sec);
	pthread_join(thread, &got);
	return got;
}

static void locks()
{
	CComSafeDeleteCriticalSection safe;

	CHECK(safe.Term() == S_OK);
	CHECK(safe.Init() == S_OK);
	{
		CComCritSecLock<CComSafeDeleteCriticalSection> lock(safe);

		CHECK(!is_free(safe));
		lock.Unlock();
		CHECK(is_free(safe));
	}
	CHECK(is_free(safe));

	CComAutoCriticalSection plain;
	{
		CComCritSecLock<CComAutoCriticalSection> later(plain, false);

		CHECK(later.Lock() == S_OK);
		CHECK(!is_free(plain));
	}
	CHECK(is_free(plain));
}

/* --------------------------------------------------------------------- main */

static const struct {
	const char *name;
	void (*run)();
} tests[] = {
	{ "counts", counts },
	{ "failed_construction", failed_construction },
	{ "interfaces", interfaces },
	{ "class_factory", class_factory },
	{ "old_module", old_module },
	{ "no_lock", no_lock },
	{ "pointers", pointers },
	{ "owners", owners },
	{ "collections", collections },
	{ "threads", threads },
	{ "locks", locks },
};

int main()
{
	int status = 0, n = 0;

	printf("TAP version 13\n1..%zu\n", sizeof(tests) / sizeof(tests[0]));
	for (auto &test : tests) {
		failed = false;
		test.run();
		printf("%sok %d atl.%s\n", failed ? "not " : "", ++n, test.name);
		status |= failed;
	}
	return status;
}
