// What people do, from the first start to the daily work, against the mock node: every step ends in something seen.
import { startMock } from '../../web/mock/server.mjs';
import { finish, launch, openContext, OUT, report, violations, watch } from './harness.mjs';

const PASSWORD = 'Khien@2026';
// Refusals of the node and the broken line are part of the flows; the browser tells of each in its console.
const refusals = /status of 4(01|03|22|23)|net::ERR_FAILED/;
const browser = await launch();

/** Runs one flow in its own context; a failure of a step is the failure of the flow. */
async function flow(name, options, steps) {
  const node = await startMock(options.node ?? {});
  const context = await openContext(browser, { url: node.url, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(6000);
  const complaints = watch(page, refusals);
  try {
    await steps(page, node, context);
    report(name, [...complaints, ...(await violations(page))]);
  } catch (error) {
    await page.screenshot({ path: `${OUT}flow-${name.replace(/\W+/g, '-')}.png` });
    report(name, [String(error.stack).split('\n').slice(0, 3).join(' '), ...complaints]);
  }
  await context.close();
  node.close();
}
const see = (page, text) => page.getByText(text).first().waitFor();
const button = (page, name) => page.getByRole('button', { name, exact: true }).first();
function must(condition, what) {
  if (!condition) throw new Error(what);
}

await flow('set-up from the code to the first page', { node: { fresh: true } }, async (page) => {
  await page.goto('/');
  await page.fill('#setup-code', '1111-2222-3333');
  await page.click('[type=submit]');
  for (const [id, text] of [['orgName', 'Ủy ban nhân dân phường Cái Khế'], ['orgCode', 'H13.29'], ['orgAddress', '12 Trần Phú']])
    await page.fill(`#setup-${id}`, text);
  await page.click('[type=submit]');
  for (const [id, text] of [['name', 'Đặng Thị Ngọc Huyền'], ['phone', '0292 3820 000'], ['login', 'huyen'], ['password', 'Cantho#9x'], ['again', 'Cantho#9x']])
    await page.fill(`#setup-${id}`, text);
  await page.click('[type=submit]');
  await see(page, 'Mã không đúng hoặc đã hết hạn.');
  await page.fill('#setup-code', 'abcd-2345-wxyz');
  await page.click('[type=submit]');
  must(await page.inputValue('#setup-orgName') === 'Ủy ban nhân dân phường Cái Khế', 'the draft was lost');
  await page.click('[type=submit]');
  await page.click('[type=submit]');
  await see(page, 'Quét mã');
  await page.screenshot({ path: `${OUT}flow-totp.png`, fullPage: true });
  await page.fill('#totp-code', '246810');
  await page.click('[type=submit]');
  await see(page, 'Chuẩn bị ban đầu');
});

await flow('sign-in with second factor, back to the page that was asked for', {}, async (page) => {
  await page.goto('/duties/D14.0.3');
  await page.fill('#login-name', 'huyen');
  await page.fill('#login-password', PASSWORD);
  await page.click('[type=submit]');
  await page.fill('#login-totp', '000000');
  await page.click('[type=submit]');
  await see(page, 'Mã không đúng hoặc đã hết hạn. Thử mã mới nhất.');
  await page.fill('#login-totp', '246810');
  await page.click('[type=submit]');
  await page.waitForURL('**/duties/D14.0.3');
  await see(page, 'Vì sao ở trạng thái này');
});

await flow('wrong passwords bring the picture, then the lock with its count-down', {}, async (page) => {
  await page.goto('/login');
  for (let i = 0; i < 5; i++) {
    await page.fill('#login-name', 'huyen');
    await page.fill('#login-password', `sai ${i}`);
    if (i >= 2) await page.fill('#login-captcha', '7km4');
    await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST'), page.click('[type=submit]')]);
    await page.waitForTimeout(100);
  }
  await see(page, /tạm khóa .* Thử lại sau 1[45] phút/);
  must(await page.isDisabled('[type=submit]'), 'the button is not disabled');
  await page.screenshot({ path: `${OUT}flow-locked.png` });
});

await flow('first password must be changed before anything opens', {}, async (page) => {
  await page.goto('/');
  await page.fill('#login-name', 'bao.tran');
  await page.fill('#login-password', PASSWORD);
  await page.click('[type=submit]');
  await page.fill('#password-old', PASSWORD);
  await page.fill('#password-next', PASSWORD);
  await page.fill('#password-again', PASSWORD);
  await page.click('[type=submit]');
  await see(page, 'Mật khẩu này đã dùng trước đây');
  await page.fill('#password-next', 'Moi#2026x');
  await page.fill('#password-again', 'Moi#2026x');
  await page.click('[type=submit]');
  await see(page, 'Cần làm ngay');
});

await flow('keyboard: j, a acknowledges, ? helps, / searches, Ctrl+K jumps without marks', { account: 'huyen' }, async (page, node) => {
  await page.goto('/findings');
  await page.waitForSelector('[data-row]');
  await page.keyboard.press('j');
  await page.keyboard.press('a');
  await see(page, 'Đã tiếp nhận 1 phát hiện.');
  must(node.state.findings.find((f) => f.id === 12).state === 'acknowledged', 'not acknowledged');
  await page.keyboard.press('?');
  await see(page, 'Phím tắt');
  await page.screenshot({ path: `${OUT}flow-help.png` });
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('dong bo thoi gian');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/duties/D19.7.1');
  await page.goto('/duties');
  await page.waitForSelector('[data-row]');
  await page.keyboard.press('/');
  await page.keyboard.type('nhat ky');
  await page.waitForURL('**q=nhat+ky*');
  must((await page.locator('[data-row]').count()) > 3, 'folding search found nothing');
});

await flow('a finding is closed only with a note, and the note survives a reload', { account: 'huyen' }, async (page, node) => {
  await page.goto('/findings/12');
  await button(page, 'Đóng phát hiện').click();
  await page.locator('dialog [type=submit]').click();
  await see(page, 'Cần ghi chú đã làm gì.');
  await page.fill('#close-note', 'Đã chặn địa chỉ trên router.');
  await page.reload();
  await button(page, 'Đóng phát hiện').click();
  must(await page.inputValue('#close-note') === 'Đã chặn địa chỉ trên router.', 'the draft was lost');
  await page.locator('dialog [type=submit]').click();
  await see(page, 'Đã đóng phát hiện.');
  must(node.state.findings.find((f) => f.id === 12).state === 'closed', 'not closed');
});

await flow('evidence: one attaches, the same may not approve, another does', { account: 'huyen' }, async (page, node, context) => {
  await page.goto('/duties/D14.0.4');
  await button(page, 'Đính kèm bằng chứng').click();
  await page.locator('dialog [type=submit]').click();
  await see(page, 'Cần chọn một tệp.');
  await page.setInputFiles('#attach-file', { name: 'bao-cao-rui-ro.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 mẫu') });
  await page.screenshot({ path: `${OUT}flow-attach.png` });
  await page.locator('dialog [type=submit]').click();
  await see(page, 'Đã đính kèm.');
  await page.goto('/duties/D14.0.4?tab=evidence');
  await see(page, 'người gửi không tự duyệt được');
  must(Buffer.from('%PDF-1.7 mẫu').length === 14 && node.state.evidence.at(-1).title === 'bao cao rui ro', 'wrong title');
  await context.clearCookies();
  await context.request.post('/api/v1/session', { data: { login: 'mo.le', password: PASSWORD } });
  await page.reload();
  await button(page, 'Duyệt').click();
  await see(page, 'Đã duyệt.');
  await page.screenshot({ path: `${OUT}flow-evidence.png` });
  must(node.state.duties.find((d) => d.id === 'D14.0.4').status === 'met', 'the duty is not met');
});

await flow('not applicable is asked for with a reason and waits', { account: 'huyen' }, async (page) => {
  await page.goto('/duties/D12.3.b.7');
  await button(page, 'Đề nghị không áp dụng').click();
  await page.fill('#na-reason', 'Đơn vị không có mạng Wi-Fi.');
  await page.locator('dialog [type=submit]').click();
  await see(page, 'đang chờ duyệt');
});

await flow('logs: completion, include chip, surrounding lines, brush, shared link', { account: 'huyen' }, async (page) => {
  await page.goto('/logs');
  await page.waitForSelector('.list [role=option]');
  await page.locator('[data-search]').pressSequentially('source.i');
  await see(page, 'địa chỉ bên gửi');
  await page.screenshot({ path: `${OUT}flow-completion.png` });
  await page.keyboard.press('Tab');
  await page.keyboard.type('45.148.10.86');
  await page.keyboard.press('Enter');
  await see(page, /^62 dòng/);
  await page.locator('.list [role=option]').first().click();
  await page.getByRole('button', { name: 'Chỉ lấy giá trị này: user.name' }).click();
  await page.waitForURL('**user.name*');
  await page.locator('.list [role=option]').nth(5).click();
  await button(page, 'Xem 50 dòng trước và sau').click();
  await page.waitForSelector('#around-here');
  await page.screenshot({ path: `${OUT}flow-around.png` });
  await page.keyboard.press('Escape');
  const plot = await page.locator('.u-over').boundingBox();
  await page.mouse.move(plot.x + plot.width * 0.6, plot.y + 20);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width * 0.9, plot.y + 20, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=\d{4}-/);
});

await flow('logs: no search inside a composition, ten thousand rows stay few elements', { account: 'huyen' }, async (page) => {
  await page.goto('/logs?from=7d');
  await page.waitForSelector('.list [role=option]');
  await page.evaluate(() => {
    const box = document.querySelector('[data-search]');
    box.focus();
    box.dispatchEvent(new CompositionEvent('compositionstart'));
    box.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true }));
  });
  must(!page.url().includes('q='), 'searched while composing');
  await page.locator('.list [role=listbox]').focus();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('End');
    await page.waitForTimeout(120);
  }
  must(Number(await page.locator('.list [role=option]').first().getAttribute('aria-setsize')) > 1000, 'paging stopped');
  must((await page.locator('.list [role=option]').count()) < 80, 'too many rows exist');
});

await flow('live tail follows, pauses, goes on', { account: 'huyen' }, async (page) => {
  await page.goto('/logs?live=1');
  await see(page, 'Đang nhận nhật ký trực tiếp');
  await page.waitForSelector('.list [role=option]');
  await button(page, 'Tạm dừng').click();
  await see(page, /Đang tạm dừng: [1-9]\d* dòng mới/);
  await page.screenshot({ path: `${OUT}flow-tail.png` });
  await button(page, 'Tiếp tục').click();
  await see(page, 'Đang nhận nhật ký trực tiếp');
});

await flow('seals are checked with a result, a source gets a name, a person is added', { account: 'huyen' }, async (page, node) => {
  await page.goto('/system/seal');
  await button(page, 'Kiểm tra niêm phong').click();
  await see(page, 'Đang kiểm tra từng khối');
  await see(page, 'Mọi niêm phong đều khớp.');
  await page.goto('/sources');
  await button(page, 'Sửa nguồn: may-chu-01').click();
  await page.fill('#source-name', 'may-chu-mot-cua');
  await page.locator('dialog [type=submit]').click();
  await see(page, 'may-chu-mot-cua');
  must(node.state.sources[0].silent_after_s === 3600, 'silence changed');
  await page.goto('/system/people');
  await button(page, 'Thêm người').click();
  await page.fill('#person-name', 'Phạm Đức Anh');
  await page.fill('#person-login', 'anh.pham');
  await page.fill('#person-password', 'Tam#2026x');
  await page.screenshot({ path: `${OUT}flow-person.png` });
  await page.locator('dialog [type=submit]').click();
  await see(page, 'anh.pham');
});

await flow('no answer from the node: the grey strip, then the way back', { account: 'huyen' }, async (page, node, context) => {
  await page.goto('/');
  await see(page, 'Cần làm ngay');
  await context.route('**/api/**', (route) => route.abort());
  await page.locator('nav a[href="/sources"]').first().click();
  await see(page, /Mất kết nối với máy chủ Khiên từ/);
  await page.screenshot({ path: `${OUT}flow-offline.png` });
  await context.unroute('**/api/**');
  await page.locator('.strip button').click();
  await page.waitForSelector('.strip', { state: 'detached' });
});

await flow('idle: a warning, then signed out with the reason', { account: 'huyen' }, async (page, node, context) => {
  await context.route('**/api/v1/session', async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const answer = await route.fetch();
    return route.fulfill({ response: answer, json: { ...(await answer.json()), idle_s: 62 } });
  });
  await page.goto('/');
  await see(page, 'Sắp tự đăng xuất');
  await page.screenshot({ path: `${OUT}flow-idle.png` });
  await button(page, 'Làm việc tiếp').click();
  await page.waitForSelector('dialog', { state: 'detached' });
  node.state.sessions.clear();
  await page.locator('nav a[href="/duties"]').first().click();
  await see(page, 'Phiên làm việc đã kết thúc. Đăng nhập lại để tiếp tục.');
  must(page.url().includes('next='), 'the way back was lost');
});

await flow('a search is saved, taken again and removed', { account: 'huyen' }, async (page, node) => {
  await page.goto('/logs?q=root&from=7d');
  await page.waitForSelector('[role=option]');
  await button(page, 'Tìm kiếm đã lưu').click();
  await button(page, 'Lưu').click();
  await see(page, 'Cần điền mục này.');
  await page.fill('#saved-name', 'Tài khoản root');
  await button(page, 'Lưu').click();
  await see(page, 'Đã lưu “Tài khoản root”.');
  const saved = node.state.searches.find((one) => one.name === 'Tài khoản root');
  must(saved.q === 'root' && saved.from === '7d', 'query and span were not kept');
  await page.keyboard.press('Escape');
  await page.goto('/logs');
  await button(page, 'Tìm kiếm đã lưu').click();
  await page.locator('dialog .take').filter({ hasText: 'Tài khoản root' }).click();
  await page.waitForURL(/q=root.*from=7d|from=7d.*q=root/);
  await button(page, 'Tìm kiếm đã lưu').click();
  await button(page, 'Xóa: Tài khoản root').click();
  await page.locator('dialog .take').filter({ hasText: 'Tài khoản root' }).waitFor({ state: 'detached' });
});

await flow('a setting is changed inside its limits, with its history', { account: 'huyen' }, async (page, node) => {
  await page.goto('/system/settings');
  await button(page, 'Sửa: Khóa sau số lần sai').click();
  await page.fill('#setting-value', '9');
  await button(page, 'Lưu').click();
  await see(page, 'Nhập số nguyên từ 3 đến 5 lần.');
  await page.fill('#setting-value', '5');
  await button(page, 'Lưu').click();
  await see(page, 'Khóa sau số lần sai: 5 lần, có hiệu lực ngay.');
  await see(page, '2 lần thay đổi');
  must(node.state.settings[1].value === 5, 'the value did not arrive');
});

await flow('another person gets a new password', { account: 'huyen' }, async (page, node) => {
  await page.goto('/system/people');
  await button(page, 'Đặt lại mật khẩu: Trần Quốc Bảo').click();
  await page.fill('#reset-password', 'yeu');
  await page.locator('dialog [type=submit]').click();
  await see(page, 'Mật khẩu chưa đủ mạnh');
  await page.fill('#reset-password', 'Cantho#2026');
  await page.locator('dialog [type=submit]').click();
  await see(page, 'Đã đặt mật khẩu mới cho Trần Quốc Bảo.');
  must(node.state.people.find((p) => p.login === 'bao.tran').password === 'Cantho#2026', 'the password did not arrive');
});

await browser.close();
finish();
